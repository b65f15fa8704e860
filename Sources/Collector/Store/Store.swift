import Domain
import Platform

/// The one door to the database. Thread-safe.
///
/// `write`: all of it, durable when it returns, or nothing; one at a time, by priority. A transaction holds up all
/// others: it costs what it changes, never what is stored, and long work is cut into steps (`WritePriority.background`).
/// `read`: one state of the database, as it was committed; waits for no writer and changes nothing.
package protocol Store: Sendable {
    func write<T>(as priority: WritePriority, _ body: (Records) throws -> T) throws -> T
    func read<T>(_ body: (Records) throws -> T) throws -> T
    var activity: WriterActivity { get }
}

extension Store {
    /// A person waits for it.
    package func write<T>(_ body: (Records) throws -> T) throws -> T { try write(as: .staff, body) }
}

/// Why a store could not do what it was asked for.
package protocol StoreFailure: Error {
    /// No room, or a broken disk: it holds for everybody, and passes. Else it lies in what was to be stored.
    var isDiskTrouble: Bool { get }
}

extension SQLiteError: StoreFailure {}

/// What the tables hold, in the field's words; one file a topic. Valid inside `Store.write` or `read` only.
package struct Records {
    package let db: SQLiteConnection
    /// Of the writer; nil: all is read from the tables.
    package var remembered: Remembered?

    /// A part of a `Store.write` that can fail alone.
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
