import Glibc

/// A connection behind a lock, which several threads may use, one at a time.
///
/// `@unchecked Sendable`: the connection is reached only inside `use`, which holds the lock for the whole closure;
/// the lock is a heap cell that lives as long as this object.
public final class Database: @unchecked Sendable {
    private let connection: SQLiteConnection
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    public init(_ connection: sending SQLiteConnection) {
        self.connection = connection
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Not re-entrant: a thread that calls `use` inside `use` waits forever.
    public func use<T>(_ body: (SQLiteConnection) throws -> T) rethrows -> T {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(connection)
    }
}
