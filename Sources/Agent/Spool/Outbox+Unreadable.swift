import Domain
import Platform
import Wire

/// Handles what an earlier version wrote, or a damaged disk left, and this version cannot read. It is read piece by
/// piece as far as possible, else set aside, counted and reported, so that it stops nothing behind it.
extension Outbox {
    static let unreadableSchema = """
        CREATE TABLE IF NOT EXISTS unreadable (
            id INTEGER PRIMARY KEY, json BLOB NOT NULL, rows BLOB NOT NULL, why TEXT NOT NULL,
            noted_at INTEGER) STRICT;
        """
    /// A kind of `dropped`: intervals and summaries that could not be read. Nobody knows how many queries they told of.
    static let unreadableKind = "unreadable"
    /// How many unreadable intervals are kept for inspection, the newest ones.
    private static let unreadableMax: Int64 = 1000

    /// Moves an interval that cannot be read out of the way. Its time becomes a gap at the collector.
    static func setAsideUnreadable(place: Int64, _ why: any Error, in db: SQLiteConnection) throws {
        try db.run(
            "INSERT INTO unreadable (json, rows, why) SELECT json, rows, ? FROM interval WHERE place = ?",
            .text("\(why)"), .integer(place))
        try db.run("DELETE FROM interval WHERE place = ?", .integer(place))
        try db.run(
            "DELETE FROM unreadable WHERE id <= (SELECT MAX(id) FROM unreadable) - ?",
            .integer(unreadableMax))
        try noteUnreadable("an interval", why, in: db)
    }

    /// Sets aside a signed summary that waits and cannot be read to be numbered anew; it is kept like refused ones.
    static func setAsideUnreadable(
        _ epoch: Int64, _ seq: Int64, _ why: any Error, in db: SQLiteConnection
    ) throws {
        try db.run(
            "UPDATE summary SET state = ? WHERE epoch = ? AND seq = ?", .integer(State.refused),
            .integer(epoch), .integer(seq))
        try noteUnreadable("a summary", why, in: db)
    }

    private static func noteUnreadable(
        _ what: String, _ why: any Error, in db: SQLiteConnection
    ) throws {
        try addLoss(unreadableKind, 1, db)
        Log.error(
            "the outbox holds what cannot be read; it is set aside, and its time will be named as missing",
            ["what": what, "error": why])
    }

    /// Forgets unreadable intervals when acknowledged summaries are. `sure`: a time that has certainly passed.
    static func pruneUnreadable(sure: Timestamp, keep: Int64, in db: SQLiteConnection) throws {
        try db.run(
            "UPDATE unreadable SET noted_at = ? WHERE noted_at IS NULL",
            .integer(sure.milliseconds))
        try db.run(
            "DELETE FROM unreadable WHERE noted_at < ?", .integer(sure.milliseconds - keep))
    }

    struct Unreadable: Equatable {
        /// All that were ever set aside.
        let total: Int64
        /// Intervals kept for inspection.
        let kept: Int64
        /// How many no summary has told of yet.
        let untold: Int64

        var isFresh: Bool { kept > 0 || untold > 0 }
    }

    func unreadable() throws -> Unreadable {
        try database.use { db in
            let loss = try db.first(
                "SELECT total, untold FROM loss WHERE kind = ?", .text(Self.unreadableKind)
            ) { ($0.integer(0), $0.integer(1)) }
            return Unreadable(
                total: loss?.0 ?? 0,
                kept: try db.first("SELECT COUNT(*) FROM unreadable") { $0.integer(0) } ?? 0,
                untold: loss?.1 ?? 0)
        }
    }

    /// Whether the error is in what was written, rather than in the database.
    static func isOfContent(_ error: any Error) -> Bool {
        error is DecodingError || error is JWS.Problem
    }
}

extension Interval {
    /// Reads an interval as it is kept: its fields, then a line of JSON for a few hundred rows, then lines of features.
    static func read(_ json: [UInt8], _ lines: [UInt8]) throws -> Interval {
        do {
            return try read(json, lines, rows: { try decodeJSON([SummaryRow].self, $0) }) {
                try decodeJSON(Interval.self, $0)
            }
        } catch  where Outbox.isOfContent(error) {
            var lost: Int64 = 0
            var interval = try read(
                json, lines, rows: { SummaryRow.salvaged($0, lost: &lost) },
                rest: { try salvaged($0, lost: &lost) })
            if lost > 0 { interval.dropped["torn"] = (interval.dropped["torn"] ?? 0).adding(lost) }
            return interval
        }
    }

    private static func read(
        _ json: [UInt8], _ lines: [UInt8], rows: ([UInt8]) throws -> [SummaryRow],
        rest: ([UInt8]) throws -> Interval
    ) throws -> Interval {
        var interval = try rest(json)
        var lines = lines[...]
        while lines.first == UInt8(ascii: "["), let end = lines.firstIndex(of: UInt8(ascii: "\n")) {
            interval.rows += try rows([UInt8](lines[..<end]))
            lines = lines[(end + 1)...]
        }
        interval.features = FeatureLines(bytes: [UInt8](lines))
        return interval
    }

    /// Reads an interval field by field. Throws when not even its times are there.
    private static func salvaged(_ json: [UInt8], lost: inout Int64) throws -> Interval {
        let value = try decodeJSON(JSONValue.self, json)
        guard case .object(let fields) = value, case .integer(let from) = fields["from"],
            case .integer(let to) = fields["to"]
        else { throw JWS.Problem.malformed }
        var interval = Interval(
            from: Timestamp(milliseconds: from), to: Timestamp(milliseconds: to))
        func read<T: Decodable>(_ type: T.Type, _ value: JSONValue?) -> T? {
            guard let value, value != .null else { return nil }
            let read = try? decodeJSON(type, encodeJSON(value))
            if read == nil { lost += 1 }
            return read
        }
        func list<T: Decodable>(_ type: T.Type, _ name: String) -> [T] {
            guard case .array(let values) = fields[name] else { return [] }
            return values.compactMap { read(type, $0) }
        }
        interval.downtime = read(Summary.Downtime.self, fields["downtime"])
        interval.bypass = read(BypassNote.self, fields["bypass"])
        interval.breaches = list(Breach.self, "breaches")
        interval.refusals = list(LockRefusals.self, "refusals")
        interval.dropped = SummaryRow.counts(fields["dropped"])
        interval.returns = read(Int64.self, fields["returns"])
        interval.part = read(Summary.Part.self, fields["part"])
        interval.sketchHash = read(String.self, fields["sketch_sha256"])
        interval.wasSigned = fields["was_signed"] == .bool(true)
        if case .array(let rows) = fields["rows"] {
            interval.rows = rows.compactMap { SummaryRow.salvaged($0, lost: &lost) }
        }
        return interval
    }
}

extension SummaryRow {
    fileprivate static func salvaged(_ line: [UInt8], lost: inout Int64) -> [SummaryRow] {
        guard case .array(let rows)? = try? decodeJSON(JSONValue.self, line) else {
            lost += 1
            return []
        }
        return rows.compactMap { salvaged($0, lost: &lost) }
    }

    /// Reads a row. One without an hour or a count is nil and adds one to `lost`; too long a name counts as none.
    fileprivate static func salvaged(_ value: JSONValue, lost: inout Int64) -> SummaryRow? {
        guard case .object(let fields) = value, case .integer(let hour) = fields["hour"],
            case .integer(let allowed) = fields["allowed"] ?? .integer(0)
        else {
            lost += 1
            return nil
        }
        func name(_ field: String) -> String? {
            guard case .string(let text) = fields[field], text.utf8.count <= 256 else { return nil }
            return text
        }
        func window() -> WindowKind {
            guard case .string(let text) = fields["window"] else { return .off }
            return WindowKind(rawValue: text) ?? .off
        }
        var row = SummaryRow(
            login: name("login").map { Login(unchecked: $0) } ?? .folded,
            service: name("service").map { ServiceName(unchecked: $0) } ?? .folded,
            hour: Timestamp(milliseconds: hour), window: window(), allowed: allowed)
        if case .integer(let passed) = fields["passed"] { row.passed = passed }
        row.denied = counts(fields["denied"])
        row.would = counts(fields["would"])
        return row
    }

    fileprivate static func counts(_ value: JSONValue?) -> [String: Int64] {
        guard case .object(let counts) = value else { return [:] }
        return counts.compactMapValues {
            guard case .integer(let count) = $0 else { return nil }
            return count
        }
    }
}
