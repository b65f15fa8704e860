import Domain
import Platform
import Wire

/// The database in one SQLite file (WAL): one connection writes, and a few others read beside it.
///
/// `@unchecked Sendable`: `remembered` is touched only in `write`, inside the writer's lock, and never handed to a reader;
/// the rest is constant and thread-safe by itself.
package final class SQLiteStore: Store, @unchecked Sendable {
    /// At most so many readers at a time; further ones wait.
    static let readersMax = 8

    private let writer: Database
    private let readers: DatabasePool?
    private let remembered = Remembered()
    private let order = PriorityLock(
        ranks: WritePriority.allCases.count, patience: WritePriority.patience)
    package let activity = WriterActivity()

    /// With `:memory:`, the writing connection also reads.
    package init(path: String) throws {
        let connection = try SQLiteConnection(path: path)
        // Deleted or replaced keys of the day must leave no copy in free pages.
        try connection.execute("PRAGMA secure_delete = ON")
        // Totals of the present hour and day are written again and again. They stay in memory, and are copied from the
        // log to the file once for many commits.
        try connection.execute("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000")
        let version = try connection.first("PRAGMA user_version") { $0.integer(0) } ?? 0
        let isFresh =
            try connection.first("SELECT 1 FROM sqlite_schema LIMIT 1") { _ in true } == nil
        // Checked before anything is written, so that nothing the program does can set off somebody else's trigger or
        // view.
        let acting = try connection.actingObjects()
        guard acting.isEmpty else { throw Self.foreign(path, acting) }
        // One transaction, so that a crash cannot leave a database without a version.
        try connection.transaction {
            if !isFresh { try Migrations.run(connection, from: version, path) }
            try connection.execute(Schema.sql)
            try connection.execute("PRAGMA user_version = \(Schema.version)")
        }
        if !isFresh {
            for one in try SchemaShape(of: connection).differences(
                from: SchemaShape.expected(), also: ["table usage"])
            {
                Log.warning("the database is not as this program makes it", ["what": one.en])
            }
        }
        writer = Database(connection)
        readers =
            path == ":memory:"
            ? nil : DatabasePool(path: path, countMax: Self.readersMax)
    }

    private static func foreign(_ path: String, _ acting: [String]) -> CommandFailure {
        let names = acting.map { shown($0) }.joined(separator: ", ")
        return CommandFailure(
            .badConfig,
            "\(path): holds what no collector makes (\(names)): somebody wrote into it; find out who, and restore a backup",
            vi:
                "\(path): có thứ mà máy chủ tổng hợp không tạo ra (\(names)): đã có người ghi vào; hãy tìm nguyên nhân và khôi phục bản sao lưu"
        )
    }

    /// How many callers are waiting for the writer now.
    package var waiting: Int {
        WritePriority.allCases.reduce(0) { $0 + order.waiting($1.rawValue) }
    }

    /// Moves everything into the one file, before it is moved.
    package func finish() throws {
        try writer.use { try $0.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    package func write<T>(as priority: WritePriority, _ body: (Records) throws -> T) throws -> T {
        let asked = MonotonicClock.milliseconds()
        return try order.use(priority.rawValue) {
            activity.began(priority, asked: asked)
            var rows: Int64 = 0
            var isDone = false
            defer { activity.ended(priority, rows: rows, isDone: isDone) }
            return try writer.use { db in
                let before = db.changesTotal
                do {
                    let value = try db.transaction {
                        try body(Records(db: db, remembered: remembered))
                    }
                    rows = db.changesTotal - before
                    isDone = true
                    return value
                } catch {
                    remembered.forget()
                    throw error
                }
            }
        }
    }

    package func read<T>(_ body: (Records) throws -> T) throws -> T {
        guard let readers else { return try writer.use { try body(Records(db: $0)) } }
        return try readers.use { db in try db.snapshot { try body(Records(db: db)) } }
    }
}
