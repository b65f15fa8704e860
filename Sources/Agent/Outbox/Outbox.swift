import Domain
import Platform
import Wire

/// Intervals waiting to be signed, and summaries signed and kept, in one SQLite file. An interval is taken
/// once (by its ledger number), gets its sequence number just before it is sent, and its signed bytes
/// never change afterwards (design 07, "Epoch and sequence"). Thread-safe.
final class Outbox: Sendable {
    /// Acknowledged summaries are kept for a collector restored from backup.
    static let keepMilliseconds: Int64 = 8 * 86_400_000

    /// What is waiting and what was sent.
    struct Position: Equatable {
        var epoch: Int64
        /// Sequence number of the last signed summary of this epoch; 0 before the first.
        var seq: Int64
        var lastHash: String
    }

    struct Signed {
        let epoch: Int64
        let seq: Int64
        let jws: String
    }

    let database: Database

    init(path: String, epoch: Int64) throws {
        let connection = try SQLiteConnection(path: path)
        try connection.execute(Self.schema)
        // Of an agent before rows stood apart; its waiting intervals are read all the same.
        let columns = try connection.rows("SELECT name FROM pragma_table_info('interval')") {
            $0.text(0)
        }
        if !columns.contains("rows") {
            try connection.execute(
                "ALTER TABLE interval ADD COLUMN rows BLOB NOT NULL DEFAULT x''")
        }
        let position = try connection.first("SELECT epoch FROM position") { $0.integer(0) }
        if position == nil {
            try connection.run(
                "INSERT INTO position (id, epoch, seq, last_hash, last_ledger, last_to) VALUES (1, ?, 0, '', 0, 0)",
                .integer(epoch))
        }
        database = Database(connection)
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS position (
            id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
            last_hash TEXT NOT NULL, last_ledger INTEGER NOT NULL, last_to INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS interval (
            place INTEGER PRIMARY KEY, json BLOB NOT NULL, rows BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS summary (
            epoch INTEGER NOT NULL, seq INTEGER NOT NULL, jws TEXT NOT NULL, state INTEGER NOT NULL,
            signed_at INTEGER NOT NULL, PRIMARY KEY (epoch, seq)) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS summary_waiting ON summary (epoch, seq) WHERE state = 0;
        CREATE TABLE IF NOT EXISTS used_hour (
            hour INTEGER NOT NULL, login TEXT NOT NULL, service TEXT NOT NULL, allowed INTEGER NOT NULL,
            PRIMARY KEY (hour, login, service)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS noted (
            hour INTEGER NOT NULL, login TEXT NOT NULL, service TEXT NOT NULL, reason TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (hour, login, service, reason)) STRICT, WITHOUT ROWID;
        """

    private enum State {
        static let waiting: Int64 = 0
        static let acknowledged: Int64 = 1
        static let refused: Int64 = 2
    }

    // MARK: intervals in

    /// Highest ledger number taken, and the end of the last interval.
    func lastTaken() throws -> (ledger: Int64, to: Timestamp) {
        try database.use {
            try $0.first("SELECT last_ledger, last_to FROM position") {
                ($0.integer(0), Timestamp(milliseconds: $0.integer(1)))
            } ?? (0, Timestamp(milliseconds: 0))
        }
    }

    /// Takes an interval, once: a ledger number that was taken before changes nothing.
    func take(_ interval: Interval, ledger number: Int64) throws {
        try database.use { db in
            try db.transaction {
                let last = try db.first("SELECT last_ledger FROM position") { $0.integer(0) } ?? 0
                guard number > last else { return }
                try Self.keep(interval, place: number, in: db)
                for row in interval.rows { try Self.remember(row, in: db) }
                try db.run(
                    "UPDATE position SET last_ledger = ?, last_to = ?",
                    .integer(number), .integer(interval.to.milliseconds))
            }
        }
    }

    /// Rows and features stand apart from the rest, a line of JSON for a few hundred: neither writing nor reading a large
    /// interval needs many times its size in memory.
    private static let rowsALine = 256

    private static func keep(_ interval: Interval, place: Int64, in db: SQLiteConnection) throws {
        var rest = interval
        rest.rows = []
        rest.features = []
        let lines = try lines(interval.rows) + lines(interval.features)
        try db.run(
            "INSERT INTO interval (place, json, rows) VALUES (?, ?, ?)",
            .integer(place), .blob(try encodeJSON(rest)), .blob(lines))
    }

    private static func lines(_ values: [some Encodable]) throws -> [UInt8] {
        var lines: [UInt8] = []
        for start in stride(from: 0, to: values.count, by: rowsALine) {
            let end = min(start + rowsALine, values.count)
            lines += try encodeJSON(Array(values[start..<end]))
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    private static func interval(after place: Int64, in db: SQLiteConnection) throws
        -> (place: Int64, interval: Interval)?
    {
        try db.first(
            "SELECT place, json, rows FROM interval WHERE place > ? ORDER BY place LIMIT 1",
            .integer(place)
        ) { row in
            var interval = try decodeJSON(Interval.self, row.blob(1))
            for line in row.blob(2).split(separator: UInt8(ascii: "\n")) {
                // Rows are objects, features strings.
                if line.starts(with: [UInt8(ascii: "["), UInt8(ascii: "\"")]) {
                    interval.features += try decodeJSON([AccountFeatures].self, [UInt8](line))
                } else {
                    interval.rows += try decodeJSON([SummaryRow].self, [UInt8](line))
                }
            }
            return (row.integer(0), interval)
        }
    }

    private static func remember(_ row: SummaryRow, in db: SQLiteConnection) throws {
        let key: [SQLiteValue] = [
            .integer(row.hour.milliseconds), .text(row.login.rawValue),
            .text(row.service.rawValue),
        ]
        if row.allowed > 0 {
            try db.run(
                """
                INSERT INTO used_hour (hour, login, service, allowed) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET allowed = allowed + excluded.allowed
                """, values: key + [.integer(row.allowed)])
        }
        for (reason, count) in row.would where count > 0 {
            try db.run(
                """
                INSERT INTO noted (hour, login, service, reason, count) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET count = count + excluded.count
                """, values: key + [.text(reason), .integer(count)])
        }
    }

    struct Used {
        let login: Login
        let service: ServiceName
        let hour: Timestamp
        let allowed: Int64
    }

    /// Allowed queries by hour, login and service from a moment on, for a Gate after a restart.
    func used(from: Timestamp) throws -> [Used] {
        try database.use {
            try $0.rows(
                "SELECT login, service, hour, allowed FROM used_hour WHERE hour >= ?",
                .integer(from.milliseconds)
            ) {
                Used(
                    login: Login(unchecked: $0.text(0)),
                    service: ServiceName(unchecked: $0.text(1)),
                    hour: Timestamp(milliseconds: $0.integer(2)), allowed: $0.integer(3))
            }
        }
    }

    struct Noted: Codable {
        /// Only where several systems are told apart.
        var system: String?
        let account: String
        let service: String
        let reason: String
        let count: Int64
    }

    /// What rules would have refused from a moment on, most first; read beside a running agent.
    static func noted(readingFrom path: String, since: Timestamp) throws -> [Noted] {
        try SQLiteConnection(path: path, mode: .readOnly).rows(
            """
            SELECT login, service, reason, SUM(count) FROM noted WHERE hour >= ?
            GROUP BY login, service, reason ORDER BY 4 DESC, 1, 2, 3 LIMIT 1000
            """, .integer(since.milliseconds)
        ) {
            Noted(
                system: nil, account: $0.text(0), service: $0.text(1), reason: $0.text(2),
                count: $0.integer(3))
        }
    }

    // MARK: summaries out

    func position() throws -> Position {
        try database.use { try Self.position($0) }
    }

    static func position(_ db: SQLiteConnection) throws -> Position {
        try db.first("SELECT epoch, seq, last_hash FROM position") {
            Position(epoch: $0.integer(0), seq: $0.integer(1), lastHash: $0.text(2))
        } ?? Position(epoch: 0, seq: 0, lastHash: "")
    }

    /// Signed summaries that wait for an answer, oldest first, within one push; well below what the collector
    /// takes, since all of them stand in memory at once.
    func waiting(countMax: Int = 64) throws -> [Signed] {
        var bytes = 0
        return try database.use {
            try $0.rows(
                "SELECT epoch, seq, jws FROM summary WHERE state = 0 ORDER BY epoch, seq LIMIT ?",
                .integer(Int64(countMax))
            ) { Signed(epoch: $0.integer(0), seq: $0.integer(1), jws: $0.text(2)) }
        }.prefix { summary in
            bytes += summary.jws.utf8.count + 1
            return bytes <= Limits.pushBytesMax / 4
        }
    }

    /// Numbers, chains and signs what waits unsigned, in one transaction. Returns whether there was anything.
    /// `make` hands over one summary, or several of consecutive numbers, as they are made.
    func sign(_ make: (Interval, Position, _ store: (String, Int64) throws -> Void) throws -> Void)
        throws -> Bool
    {
        try database.use { db in
            try db.transaction {
                guard var (place, merged) = try Self.interval(after: .min, in: db) else {
                    return false
                }
                var position = try Self.position(db)
                var signed = 0
                // One after the other, so that a long absence of the collector needs no more memory.
                while let next = try Self.interval(after: place, in: db) {
                    place = next.place
                    if merged.mayCoalesce(with: next.interval) {
                        merged.coalesce(next.interval)
                    } else {
                        signed += try Self.store(merged, make, in: db, &position)
                        merged = next.interval
                        if signed >= 64 {
                            try Self.finish(db, position, before: next.place)
                            return true
                        }
                    }
                }
                _ = try Self.store(merged, make, in: db, &position)
                try Self.finish(db, position, before: Int64.max)
                return true
            }
        }
    }

    /// Returns how many summaries it took.
    private static func store(
        _ interval: Interval,
        _ make: (Interval, Position, (String, Int64) throws -> Void) throws -> Void,
        in db: SQLiteConnection, _ position: inout Position
    ) throws -> Int {
        var next = position
        var count = 0
        try make(interval, position) { jws, seq in
            try db.run(
                "INSERT INTO summary (epoch, seq, jws, state, signed_at) VALUES (?, ?, ?, 0, ?)",
                .integer(next.epoch), .integer(seq), .text(jws),
                .integer(WallClock.milliseconds()))
            next.seq = seq
            next.lastHash = JWS.digest(jws)
            count += 1
        }
        position = next
        return count
    }

    private static func finish(_ db: SQLiteConnection, _ position: Position, before place: Int64)
        throws
    {
        try db.run(
            "DELETE FROM interval WHERE place < ?", .integer(place))
        try db.run(
            "UPDATE position SET seq = ?, last_hash = ?", .integer(position.seq),
            .text(position.lastHash))
    }

    // MARK: answers

    func settle(_ epoch: Int64, _ seq: Int64, accepted: Bool) throws {
        _ = try database.use {
            try $0.run(
                "UPDATE summary SET state = ? WHERE epoch = ? AND seq = ? AND state = 0",
                .integer(accepted ? State.acknowledged : State.refused), .integer(epoch),
                .integer(seq))
        }
    }

    /// A collector restored from backup asks for what it had acknowledged. False: it is no longer kept.
    func sendAgain(epoch: Int64, from seq: Int64) throws -> Bool {
        try database.use { db in
            guard
                try db.first(
                    "SELECT 1 FROM summary WHERE epoch = ? AND seq = ?",
                    .integer(epoch), .integer(seq), read: { _ in true }) != nil
            else { return false }
            try db.run(
                "UPDATE summary SET state = 0 WHERE epoch = ? AND seq >= ?",
                .integer(epoch), .integer(seq))
            return true
        }
    }

    /// Moves to a new epoch. What was signed and not accepted becomes unsigned again, to be numbered anew.
    func adopt(epoch: Int64) throws {
        try database.use { db in
            try db.transaction {
                let waiting = try db.rows(
                    "SELECT jws FROM summary WHERE state = 0 ORDER BY epoch, seq"
                ) { $0.text(0) }
                var intervals: [Interval] = []
                for jws in waiting {
                    let summary = try decodeJSON(Summary.self, try JWS.parse(jws.utf8).payload)
                    if let last = intervals.indices.last, summary.part.n > 1,
                        intervals[last].from == summary.from
                    {
                        intervals[last].rows += summary.rows
                        intervals[last].features += summary.features
                    } else {
                        var interval = Interval(
                            from: summary.from, to: summary.to, downtime: summary.downtime,
                            dropped: summary.dropped, breaches: summary.breaches,
                            rows: summary.rows)
                        interval.refusals = summary.refusals
                        interval.bypass = summary.bypass
                        interval.features = summary.features
                        interval.sketchHash = summary.sketchHash
                        intervals.append(interval)
                    }
                }
                let first =
                    try db.first("SELECT MIN(place) FROM interval") { $0.integerOrNil(0) } ?? nil
                let last = try db.first("SELECT last_ledger FROM position") { $0.integer(0) } ?? 0
                let start = (first ?? last + 1) - Int64(intervals.count)
                for (offset, interval) in intervals.enumerated() {
                    try Self.keep(interval, place: start + Int64(offset), in: db)
                }
                try db.run("DELETE FROM summary WHERE state = 0")
                try db.run(
                    "UPDATE position SET epoch = ?, seq = 0, last_hash = ''", .integer(epoch))
            }
        }
    }

    struct Backlog {
        let intervals: Int64
        let summaries: Int64
    }

    func backlog() throws -> Backlog {
        try database.use {
            try $0.first(
                "SELECT (SELECT COUNT(*) FROM interval), (SELECT COUNT(*) FROM summary WHERE state = 0)"
            ) {
                Backlog(intervals: $0.integer(0), summaries: $0.integer(1))
            } ?? Backlog(intervals: 0, summaries: 0)
        }
    }

    /// Forgets what no restored collector can ask for any more.
    func prune(now: Timestamp) throws {
        try database.use { db in
            try db.run(
                "DELETE FROM summary WHERE state <> 0 AND signed_at < ?",
                .integer(now.milliseconds - Self.keepMilliseconds))
            try db.run(
                "DELETE FROM used_hour WHERE hour < ?",
                .integer(now.milliseconds - 3 * Timestamp.millisecondsPerDay))
            try db.run(
                "DELETE FROM noted WHERE hour < ?",
                .integer(now.milliseconds - 8 * Timestamp.millisecondsPerDay))
        }
    }
}
