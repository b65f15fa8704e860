import Domain
import Platform

/// The one door to the database. Everything in `write` is one transaction: all of it, durable, or nothing.
final class Store: Sendable {
    private let database: Database

    init(path: String) throws {
        let connection = try SQLiteConnection(path: path)
        // Keys of the day that were replaced or deleted leave no copy in free pages.
        try connection.execute("PRAGMA secure_delete = ON")
        let version = try connection.first("PRAGMA user_version") { $0.integer(0) } ?? 0
        let isFresh =
            try connection.first("SELECT 1 FROM sqlite_schema LIMIT 1") { _ in true } == nil
        guard isFresh || version == Schema.version else {
            throw CommandFailure(
                .badConfig,
                "\(path): has schema \(version), this program writes \(Schema.version); run the version that made it"
            )
        }
        // Both or neither: a crash between them would leave a database of no version.
        try connection.transaction {
            try connection.execute(Schema.sql)
            try connection.execute("PRAGMA user_version = \(Schema.version)")
        }
        database = Database(connection)
    }

    func write<T>(_ body: (Records) throws -> T) throws -> T {
        try database.use { db in try db.transaction { try body(Records(db: db)) } }
    }

    func read<T>(_ body: (Records) throws -> T) throws -> T {
        try database.use { try body(Records(db: $0)) }
    }
}

/// What the tables hold, in the field's words; one file a topic. Valid inside `Store.write` or `read` only.
struct Records {
    let db: SQLiteConnection

    /// A part of a `Store.write` that can fail alone.
    func part<T>(_ body: () throws -> T) throws -> T { try db.savepoint(body) }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(milliseconds: WallClock.milliseconds()) }
    var value: SQLiteValue { .integer(milliseconds) }
}
