import Glibc

/// Read-only connections to one database file, for several threads at once. They are opened when first needed; a
/// thread that finds all of them in use waits.
///
/// `@unchecked Sendable`: `idle` and `opened` are touched only under the lock; a connection that was taken out
/// belongs to one thread until it is given back.
public final class DatabasePool: @unchecked Sendable {
    private let path: String
    private let countMax: Int
    private var idle: [SQLiteConnection] = []
    private var opened = 0
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let freed: UnsafeMutablePointer<pthread_cond_t>

    public init(path: String, countMax: Int) {
        self.path = path
        self.countMax = countMax
        lock = .allocate(capacity: 1)
        freed = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(freed, nil)
    }

    deinit {
        pthread_cond_destroy(freed)
        pthread_mutex_destroy(lock)
        freed.deallocate()
        lock.deallocate()
    }

    /// Not re-entrant beyond `countMax`: a thread that holds the last connection and asks for one more waits forever.
    public func use<T>(_ body: (SQLiteConnection) throws -> T) throws -> T {
        let connection = try take()
        defer { giveBack(connection) }
        return try body(connection)
    }

    private func take() throws -> SQLiteConnection {
        pthread_mutex_lock(lock)
        while idle.isEmpty, opened >= countMax { pthread_cond_wait(freed, lock) }
        if let connection = idle.popLast() {
            pthread_mutex_unlock(lock)
            return connection
        }
        opened += 1
        pthread_mutex_unlock(lock)
        do {
            return try SQLiteConnection(path: path, mode: .readOnly)
        } catch {
            pthread_mutex_lock(lock)
            opened -= 1
            pthread_cond_signal(freed)
            pthread_mutex_unlock(lock)
            throw error
        }
    }

    private func giveBack(_ connection: SQLiteConnection) {
        pthread_mutex_lock(lock)
        idle.append(connection)
        pthread_cond_signal(freed)
        pthread_mutex_unlock(lock)
    }
}
