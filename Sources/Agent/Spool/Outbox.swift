import Domain
import Platform
import Wire

/// Intervals that must still be signed, and summaries signed and kept, in one SQLite file. An interval is taken once
/// (by its ledger number) and gets its sequence number just before it is sent; its signed bytes never change
/// afterwards (docs/wire-format.md#push). Thread-safe; it has no clock of its own.
///
/// This file has what comes in and the counts for the Gate, `Outbox+Sending` what goes out, `Outbox+Bounds` the bounds.
final class Outbox: Sendable {
    /// Where numbering stands.
    struct Position: Equatable {
        var epoch: Int64
        /// The sequence number of the last signed summary of this epoch; 0 before the first.
        var seq: Int64
        var lastHash: String
    }

    struct Signed {
        let epoch: Int64
        let seq: Int64
        let jws: String
    }

    let database: Database
    let bounds: OutboxBounds

    /// The collector takes `enrolledAt` for the end of the time before the first interval.
    init(
        path: String, epoch: Int64, bounds: OutboxBounds = .init(),
        enrolledAt: Timestamp = Timestamp(milliseconds: 0)
    ) throws {
        let connection = try SQLiteConnection(path: path)
        let acting = try connection.actingObjects()
        guard acting.isEmpty else { throw Self.foreign(path, acting) }
        // Summaries are written and read once, one after the other, so a large cache would not help.
        try connection.execute("PRAGMA cache_size = -1024")
        try Self.letShrink(connection)
        try connection.execute(Self.schema)
        try Self.takeOver(connection)
        let position = try connection.first("SELECT epoch FROM position") { $0.integer(0) }
        if position == nil {
            try connection.run(
                "INSERT INTO position (id, epoch, seq, last_hash, last_ledger, last_to) VALUES (1, ?, 0, '', 0, ?)",
                .integer(epoch), .integer(enrolledAt.milliseconds))
        }
        database = Database(connection)
        self.bounds = bounds
    }

    private static func foreign(_ path: String, _ acting: [String]) -> CommandFailure {
        let names = acting.map { shown($0) }.joined(separator: ", ")
        return CommandFailure(
            .badConfig,
            "\(path): holds what no agent makes (\(names)): somebody wrote into it; find out who, then restore a copy or enrol anew",
            vi:
                "\(path): có thứ mà điểm chốt không tạo ra (\(names)): đã có người ghi vào; hãy tìm nguyên nhân, rồi khôi phục bản sao hoặc ghi danh lại"
        )
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS position (
            id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
            last_hash TEXT NOT NULL, last_ledger INTEGER NOT NULL, last_to INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS interval (
            place INTEGER PRIMARY KEY, json BLOB NOT NULL, rows BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS summary (
            epoch INTEGER NOT NULL, seq INTEGER NOT NULL, jws TEXT NOT NULL, state INTEGER NOT NULL,
            signed_at INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (epoch, seq)) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS summary_waiting ON summary (epoch, seq) WHERE state = 0;
        CREATE TABLE IF NOT EXISTS spool (
            id INTEGER PRIMARY KEY CHECK (id = 1), merged_place INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS loss (
            kind TEXT PRIMARY KEY, untold INTEGER NOT NULL, total INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        \(returnsSchema)
        \(unreadableSchema)
        \(quotaSchema)
        CREATE TABLE IF NOT EXISTS used_hour (
            hour INTEGER NOT NULL, login TEXT NOT NULL, service TEXT NOT NULL, allowed INTEGER NOT NULL,
            PRIMARY KEY (hour, login, service)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS noted (
            hour INTEGER NOT NULL, login TEXT NOT NULL, service TEXT NOT NULL, reason TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (hour, login, service, reason)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS told (
            rule TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, k INTEGER NOT NULL,
            at INTEGER NOT NULL, PRIMARY KEY (rule, scope, key)) STRICT, WITHOUT ROWID;
        """

    /// Gives deleted room back to the disk, piece by piece. A file that was not made so is rewritten, once; without
    /// the room for that it stays as it is, and reuses its room.
    private static func letShrink(_ db: SQLiteConnection) throws {
        let mode = try db.first("PRAGMA auto_vacuum") { $0.integer(0) }
        try db.execute("PRAGMA journal_size_limit = 8388608")
        guard mode != 2 else { return }
        try db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        try? db.execute("VACUUM")
    }

    /// Takes over a file of an earlier version, which kept neither sizes nor rows apart.
    private static func takeOver(_ db: SQLiteConnection) throws {
        func columns(_ table: String) throws -> [String] {
            try db.rows("SELECT name FROM pragma_table_info('\(table)')") { $0.text(0) }
        }
        if try !columns("interval").contains("rows") {
            try db.execute("ALTER TABLE interval ADD COLUMN rows BLOB NOT NULL DEFAULT x''")
        }
        if try !columns("summary").contains("bytes") {
            try db.transaction {
                try db.execute("ALTER TABLE summary ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0")
                try db.execute("UPDATE summary SET bytes = length(CAST(jws AS BLOB))")
            }
        }
        // This index answers every question about sizes, so that no summary need be read for them.
        try db.execute(
            "CREATE INDEX IF NOT EXISTS summary_size ON summary (state, epoch, seq, bytes, signed_at)"
        )
    }

    /// The state of a summary.
    enum State {
        static let waiting: Int64 = 0
        static let acknowledged: Int64 = 1
        static let refused: Int64 = 2
    }

    // MARK: intervals in

    /// The highest ledger number taken, and the end of the last interval.
    func lastTaken() throws -> (ledger: Int64, to: Timestamp) {
        try database.use {
            try $0.first("SELECT last_ledger, last_to FROM position") {
                ($0.integer(0), Timestamp(milliseconds: $0.integer(1)))
            } ?? (0, Timestamp(milliseconds: 0))
        }
    }

    /// Takes an interval once: a ledger number that was taken before changes nothing. `remembered` returns the login
    /// under which a row's count is remembered for a restart; nil when it is not.
    func take(
        _ interval: Interval, ledger number: Int64,
        remembered: (SummaryRow) -> Login? = { $0.login }
    ) throws {
        try database.use { db in
            try db.transaction {
                let last = try db.first("SELECT last_ledger FROM position") { $0.integer(0) } ?? 0
                guard number > last else { return }
                let interval = try Self.marked(interval, in: db)
                try Self.keep(interval, place: number, in: db)
                try Self.remember(interval.rows, remembered, in: db)
                for breach in interval.breaches { try Self.remember(breach, in: db) }
                try db.run(
                    "UPDATE position SET last_ledger = ?, last_to = ?",
                    .integer(number), .integer(interval.to.milliseconds))
            }
        }
    }

    /// Rows are kept apart from the rest, a line of JSON for a few hundred, then the lines of features, so that
    /// neither writing nor reading a large interval needs many times its size in memory.
    private static let rowsALine = 256

    static func keep(_ interval: Interval, place: Int64, in db: SQLiteConnection) throws {
        var rest = interval
        rest.rows = []
        rest.features = FeatureLines()
        var lines: [UInt8] = []
        for start in stride(from: 0, to: interval.rows.count, by: rowsALine) {
            let end = min(start + rowsALine, interval.rows.count)
            lines += try encodeJSON(Array(interval.rows[start..<end]))
            lines.append(UInt8(ascii: "\n"))
        }
        lines += interval.features.bytes
        try db.run(
            "INSERT INTO interval (place, json, rows) VALUES (?, ?, ?)",
            .integer(place), .blob(try encodeJSON(rest)), .blob(lines))
    }

    /// The first interval behind a place; one in memory at a time. One that cannot be read is set aside.
    static func interval(after place: Int64, in db: SQLiteConnection) throws
        -> (place: Int64, interval: Interval)?
    {
        while true {
            let next = try db.first(
                "SELECT place, json, rows FROM interval WHERE place > ? ORDER BY place LIMIT 1",
                .integer(place)
            ) { (place: $0.integer(0), json: $0.blob(1), rows: $0.blob(2)) }
            guard let next else { return nil }
            do {
                return (next.place, try Interval.read(next.json, next.rows))
            } catch  where isOfContent(error) {
                try setAsideUnreadable(place: next.place, error, in: db)
            }
        }
    }

    func position() throws -> Position {
        try database.use { try Self.position($0) }
    }

    static func position(_ db: SQLiteConnection) throws -> Position {
        try db.first("SELECT epoch, seq, last_hash FROM position") {
            Position(epoch: $0.integer(0), seq: $0.integer(1), lastHash: $0.text(2))
        } ?? Position(epoch: 0, seq: 0, lastHash: "")
    }
}
