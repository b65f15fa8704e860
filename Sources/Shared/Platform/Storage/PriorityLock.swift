import Glibc

/// A lock with a waiting list for each rank. Its holder hands it to the lowest waiting rank, and within a rank to the
/// one who came first. A rank that was passed over `patience` times is next, so that none waits forever.
///
/// `@unchecked Sendable`: the counts are touched only under the mutex; mutex and conditions are heap cells that live as
/// long as this object.
public final class PriorityLock: @unchecked Sendable {
    private let ranks: Int
    private let patience: Int
    private var isHeld = false
    private var waiting: [Int]
    /// Locks that were handed over and not taken up yet, by rank.
    private var granted: [Int]
    private var passedOver: [Int]
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>

    /// Ranks are 0 (first) to `ranks` - 1.
    public init(ranks: Int, patience: Int) {
        self.ranks = ranks
        self.patience = patience
        waiting = Array(repeating: 0, count: ranks)
        granted = waiting
        passedOver = waiting
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        conditions = .allocate(capacity: ranks)
        for rank in 0..<ranks { pthread_cond_init(conditions + rank, nil) }
    }

    deinit {
        for rank in 0..<ranks { pthread_cond_destroy(conditions + rank) }
        conditions.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Not re-entrant: a thread that calls `use` inside `use` waits forever.
    public func use<T>(_ rank: Int, _ body: () throws -> T) rethrows -> T {
        take(min(max(rank, 0), ranks - 1))
        defer { giveBack() }
        return try body()
    }

    /// How many threads wait in a rank now.
    public func waiting(_ rank: Int) -> Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return waiting[rank]
    }

    private func take(_ rank: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard isHeld else {
            isHeld = true
            return
        }
        waiting[rank] += 1
        while granted[rank] == 0 { pthread_cond_wait(conditions + rank, mutex) }
        granted[rank] -= 1
    }

    private func giveBack() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard let next = next() else {
            isHeld = false
            return
        }
        for rank in 0..<ranks where waiting[rank] > 0 { passedOver[rank] += 1 }
        passedOver[next] = 0
        waiting[next] -= 1
        granted[next] += 1
        pthread_cond_signal(conditions + next)
    }

    private func next() -> Int? {
        let present = (0..<ranks).filter { waiting[$0] > 0 }
        return present.first { passedOver[$0] >= patience } ?? present.first
    }
}
