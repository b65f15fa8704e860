import Domain
import Platform

/// Counts kept beside what waits, for the Gate after a restart, and of what rules would have refused. They are
/// bounded by the registry and by `notedMax`, whatever names are made up.
extension Outbox {
    /// The most rows in a clock hour of what would have been refused; what is beyond goes under `*other`.
    static let notedMax: Int64 = 4096

    static func remember(
        _ rows: [SummaryRow], _ remembered: (SummaryRow) -> Login?, in db: SQLiteConnection
    ) throws {
        var noted: [Timestamp: Int64] = [:]
        for row in rows {
            if row.allowed > 0, let login = remembered(row) {
                try db.run(
                    """
                    INSERT INTO used_hour (hour, login, service, allowed) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET allowed = allowed + excluded.allowed
                    """, .integer(row.hour.milliseconds), .text(login.rawValue),
                    .text(row.service.rawValue), .integer(row.allowed))
            }
            for (reason, count) in row.would where count > 0 {
                let others =
                    try noted[row.hour]
                    ?? db.first(
                        "SELECT COUNT(*) FROM noted WHERE hour = ?", .integer(row.hour.milliseconds)
                    ) { $0.integer(0) } ?? 0
                noted[row.hour] = try others + note(reason, count, row, others, in: db)
            }
        }
    }

    /// Returns how many rows it added.
    private static func note(
        _ reason: String, _ count: Int64, _ row: SummaryRow, _ others: Int64,
        in db: SQLiteConnection
    ) throws -> Int64 {
        let hour = SQLiteValue.integer(row.hour.milliseconds)
        func add(_ login: Login, _ service: ServiceName) throws -> Int {
            try db.run(
                "UPDATE noted SET count = count + ? WHERE hour = ? AND login = ? AND service = ? AND reason = ?",
                .integer(count), hour, .text(login.rawValue), .text(service.rawValue), .text(reason)
            )
        }
        if try add(row.login, row.service) > 0 { return 0 }
        var (login, service) = (row.login, row.service)
        if others >= notedMax {
            (login, service) = (.folded, .folded)
            if try add(login, service) > 0 { return 0 }
        }
        try db.run(
            "INSERT INTO noted (hour, login, service, reason, count) VALUES (?, ?, ?, ?, ?)",
            hour, .text(login.rawValue), .text(service.rawValue), .text(reason), .integer(count))
        return 1
    }

    struct Used {
        let login: Login
        let service: ServiceName
        let hour: Timestamp
        let allowed: Int64
    }

    /// The allowed queries by hour, login and service from a moment on, for a Gate after a restart; one row in memory
    /// at a time.
    func forEachUsed(from: Timestamp, _ body: (Used) -> Void) throws {
        try database.use {
            try $0.forEach(
                "SELECT login, service, hour, allowed FROM used_hour WHERE hour >= ?",
                values: [.integer(from.milliseconds)]
            ) {
                body(
                    Used(
                        login: Login(unchecked: $0.text(0)),
                        service: ServiceName(unchecked: $0.text(1)),
                        hour: Timestamp(milliseconds: $0.integer(2)), allowed: $0.integer(3)))
            }
        }
    }

    private static let hoursKept = 72

    /// The first of the last counted hours; nil when nothing was counted. It goes by hours with counts, not by the
    /// time: a clock that was far ahead for a while must not make the agent forget the day to which it comes back.
    static func firstHourKept(_ db: SQLiteConnection) throws -> Int64? {
        try db.first(
            "SELECT MIN(hour) FROM (SELECT DISTINCT hour FROM used_hour ORDER BY hour DESC LIMIT ?)",
            .integer(Int64(hoursKept)), read: { $0.integerOrNil(0) }) ?? nil
    }

    func firstHourKept() throws -> Timestamp? {
        try database.use { try Self.firstHourKept($0) }.map { Timestamp(milliseconds: $0) }
    }

    struct Noted: Codable {
        /// Set only where several systems are told apart.
        var system: String?
        let account: String
        let service: String
        let reason: String
        let count: Int64
    }

    /// What rules would have refused from a moment on, the most first; may be read beside a running agent.
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
}
