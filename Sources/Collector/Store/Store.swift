import Domain
import Platform

/// The one door to the database. Thread-safe.
///
/// `write` runs a transaction. It is durable when `write` returns; if the body throws, nothing of it stays. One runs at
/// a time, by priority, and holds up all others: it must cost what it changes, never what is stored, and long work is
/// cut into steps (`WritePriority.background`). `read` sees one committed state of the database; it waits for no writer
/// and changes nothing.
package protocol Store: Sendable {
    func write<T>(as priority: WritePriority, _ body: (Records) throws -> T) throws -> T
    func read<T>(_ body: (Records) throws -> T) throws -> T
    var activity: WriterActivity { get }
}

extension Store {
    /// Writes with the priority of a person who is waiting.
    package func write<T>(_ body: (Records) throws -> T) throws -> T { try write(as: .staff, body) }
}

/// Tells why a store could not do what it was asked to.
package protocol StoreFailure: Error {
    /// True if there is no room, or the disk is broken: this affects every write, and passes. Otherwise the cause is in
    /// what was to be stored.
    var isDiskTrouble: Bool { get }
}

extension SQLiteError: StoreFailure {}

/// Reads and writes the tables, in the words of the domain; one file a topic. Valid only inside `Store.write` or
/// `read`.
package struct Records {
    package let db: SQLiteConnection
    /// Set for the writer. If nil, everything is read from the tables.
    package var remembered: Remembered?

    /// Runs a part of a `Store.write` that can fail alone: what it wrote is undone, and the error is thrown on.
    package func part<T>(_ body: () throws -> T) throws -> T {
        do { return try db.savepoint(body) } catch {
            remembered?.forget()
            throw error
        }
    }
}

extension Timestamp {
    package var value: SQLiteValue { .integer(milliseconds) }
}
