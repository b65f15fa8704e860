import Domain
import Platform

/// A question about totals.
struct UsageQuestion {
    var from: Timestamp?
    var to: Timestamp?
    var unit: String?
    var system: String?
    var service: String?
    var account: String?
    var window: String?
}

extension Records {
    func add(_ row: SummaryRow, agent: AgentID, system: SystemCode) throws {
        try db.run(
            """
            INSERT INTO usage (system, login, hour, service, win, agent, allowed, denied, passed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            allowed = allowed + excluded.allowed, denied = denied + excluded.denied, passed = passed + excluded.passed
            """, .text(system.rawValue), .text(row.login.rawValue), row.hour.value,
            .text(row.service.rawValue), .text(row.window.rawValue), .text(agent.rawValue),
            .integer(row.allowed), .integer(row.deniedTotal), .integer(row.passed))
        for (reason, count) in row.would where count > 0 && reason != "R10" {
            try addNoted(reason, row.login, row.service, system, row.hour.date, count)
        }
        for (reason, count) in row.denied where count > 0 {
            try db.run(
                """
                INSERT INTO denial (system, hour, reason, login, service, count) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET count = count + excluded.count
                """, .text(system.rawValue), row.hour.value, .text(reason),
                .text(row.login.rawValue),
                .text(row.service.rawValue), .integer(count))
        }
    }

    /// Denials for one reason within whole hours, by login and service.
    func denials(_ system: SystemCode, reason: String, in hours: Range<Timestamp>) throws
        -> [(login: String, service: String, count: Int64)]
    {
        try db.rows(
            """
            SELECT login, service, SUM(count) FROM denial WHERE system = ? AND reason = ? AND hour >= ? AND hour < ?
            GROUP BY login, service
            """, .text(system.rawValue), .text(reason), hours.lowerBound.value,
            hours.upperBound.value
        ) { ($0.text(0), $0.text(1), $0.integer(2)) }
    }

    struct UsageRow {
        let system: String, login: String, service: String, window: String
        let hour: Timestamp
        let allowed: Int64, denied: Int64, passed: Int64
    }

    /// Hourly totals over all agents, filtered; grouping by day needs calendars and happens outside.
    func usage(_ question: UsageQuestion, _ body: (UsageRow) throws -> Void) throws {
        try db.forEach(
            """
            SELECT u.system, u.login, u.service, u.win, u.hour, SUM(u.allowed), SUM(u.denied), SUM(u.passed)
            FROM usage u WHERE (?1 IS NULL OR u.hour >= ?1) AND (?2 IS NULL OR u.hour < ?2)
            AND (?3 IS NULL OR u.system = ?3) AND (?4 IS NULL OR u.service = ?4)
            AND (?5 IS NULL OR u.login = ?5) AND (?6 IS NULL OR u.win = ?6)
            AND (?7 IS NULL OR u.system IN (SELECT code FROM system WHERE unit = ?7))
            GROUP BY u.system, u.login, u.service, u.win, u.hour
            """,
            values: [
                .optional(question.from?.milliseconds), .optional(question.to?.milliseconds),
                .optional(question.system), .optional(question.service),
                .optional(question.account),
                .optional(question.window), .optional(question.unit),
            ]
        ) { row in
            try body(
                UsageRow(
                    system: row.text(0), login: row.text(1), service: row.text(2),
                    window: row.text(3),
                    hour: Timestamp(milliseconds: row.integer(4)), allowed: row.integer(5),
                    denied: row.integer(6), passed: row.integer(7)))
        }
    }

    struct Activity {
        let system: SystemCode
        let login: Login
        let first: Timestamp
        let last: Timestamp
        let allowed: Int64
        /// The last summary that told of it.
        let evidence: EvidenceReference
    }

    /// Extends an account's running activity of a registered person, or begins a new one after a pause.
    func noteActivity(
        _ person: String, _ account: Account, from: Timestamp, to: Timestamp, allowed: Int64,
        pause: Int64, evidence: EvidenceReference
    ) throws {
        try db.run(
            """
            INSERT INTO activity (person, system, login, first_ms, last_ms, allowed, agent, epoch, seq)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?9, ?10)
            ON CONFLICT DO UPDATE SET
            first_ms = CASE WHEN ?4 > last_ms + ?7 THEN ?4 ELSE MIN(first_ms, ?4) END,
            allowed = CASE WHEN ?4 > last_ms + ?7 THEN ?6 ELSE allowed + ?6 END,
            last_ms = MAX(last_ms, ?5), agent = ?8, epoch = ?9, seq = ?10
            """, .text(person), .text(account.system.rawValue), .text(account.login.rawValue),
            from.value,
            to.value, .integer(allowed), .integer(pause), .text(evidence.agent.rawValue),
            .integer(evidence.epoch), .integer(evidence.seq))
    }

    func activities(_ person: String) throws -> [Activity] {
        try db.rows(
            "SELECT system, login, first_ms, last_ms, allowed, agent, epoch, seq FROM activity WHERE person = ?",
            .text(person)
        ) {
            Activity(
                system: SystemCode(unchecked: $0.text(0)), login: Login(unchecked: $0.text(1)),
                first: Timestamp(milliseconds: $0.integer(2)),
                last: Timestamp(milliseconds: $0.integer(3)),
                allowed: $0.integer(4),
                evidence: EvidenceReference(
                    agent: AgentID(unchecked: $0.text(5)), epoch: $0.integer(6),
                    seq: $0.integer(7)))
        }
    }
}
