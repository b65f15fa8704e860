import Domain
import Platform

/// Allowed queries towards each quota, by agent: what R1–R3 judge by and what agents are told of one
/// another.
extension Records {
    private static let tallies = Upsert(
        "tally", shared: ["system", "agent"], own: ["date", "rule", "subject"], adding: ["allowed"])

    func addTallies(_ counts: [Quota.ID: Int64], _ system: SystemCode, agent: AgentID) throws {
        var rows: [SQLiteValue] = []
        rows.reserveCapacity(counts.count * 4)
        for (id, count) in counts {
            rows += [
                .integer(Int64(id.date.daysSinceEpoch)), .text(id.rule.rawValue),
                .text(id.subjectText), .integer(count),
            ]
        }
        try Self.tallies.run(
            db, shared: [.text(system.rawValue), .text(agent.rawValue)], rows: rows)
        for (id, count) in counts { remembered?.add(count, .init(system: system, id: id)) }
    }

    /// Over all agents of the system.
    func tally(_ id: Quota.ID, _ system: SystemCode) throws -> Int64 {
        let key = Remembered.TallyKey(system: system, id: id)
        if let known = remembered?.tallies[key] { return known }
        let total =
            try db.first(
                """
                SELECT COALESCE(SUM(allowed), 0) FROM tally
                WHERE system = ? AND date = ? AND rule = ? AND subject = ?
                """, .text(system.rawValue), .integer(Int64(id.date.daysSinceEpoch)),
                .text(id.rule.rawValue), .text(id.subjectText)
            ) { $0.integer(0) } ?? 0
        remembered?.keep(total, key)
        return total
    }

    /// All counts of a system on a date, over its agents.
    func tallies(_ system: SystemCode, on date: CalendarDate) throws -> [(
        id: Quota.ID, count: Int64
    )] {
        try db.rows(
            """
            SELECT rule, subject, SUM(allowed) FROM tally
            WHERE system = ? AND date = ? GROUP BY rule, subject
            """, .text(system.rawValue), .integer(Int64(date.daysSinceEpoch))
        ) { row in
            guard let rule = RuleID(rawValue: row.text(0)),
                let id = Quota.ID(rule, subjectText: row.text(1), date)
            else { return nil }
            return (id, row.integer(2))
        }.compactMap { $0 }
    }

    /// Over the agents of the system but one.
    func tally(_ id: Quota.ID, _ system: SystemCode, than agent: AgentID) throws -> Int64 {
        try db.first(
            """
            SELECT COALESCE(SUM(allowed), 0) FROM tally
            WHERE system = ? AND date = ? AND rule = ? AND subject = ? AND agent <> ?
            """, .text(system.rawValue), .integer(Int64(id.date.daysSinceEpoch)),
            .text(id.rule.rawValue), .text(id.subjectText), .text(agent.rawValue)
        ) { $0.integer(0) } ?? 0
    }

    /// Forgets counts towards quotas, and notes, that no rule asks for any more.
    func pruneTallies(now: Timestamp) throws {
        let today = Int64(now.date.daysSinceEpoch)
        remembered?.forgetTallies()
        try db.run("DELETE FROM tally WHERE date < ?", .integer(today - 8))
        try db.run("DELETE FROM noted WHERE date < ?", .integer(today - 40))
    }

    func agentCount(_ system: SystemCode) throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM agent WHERE system = ?", .text(system.rawValue)) {
            $0.integer(0)
        } ?? 0
    }

    /// Adds to what a rule noted of an account on a day, without refusing; returns the day's total.
    func addNoted(
        _ rule: DenialReason, _ login: Login, _ system: SystemCode, _ day: CalendarDate,
        _ count: Int64
    ) throws -> Int64 {
        try addNoted(rule.wireName, login, ServiceName(unchecked: ""), system, day, count)
        return try db.first(
            "SELECT count FROM noted WHERE system = ? AND date = ? AND reason = ? AND login = ? AND service = ''",
            .text(system.rawValue), .integer(Int64(day.daysSinceEpoch)), .text(rule.wireName),
            .text(login.rawValue)
        ) { $0.integer(0) } ?? count
    }

    func addNoted(
        _ reason: String, _ login: Login, _ service: ServiceName, _ system: SystemCode,
        _ day: CalendarDate, _ count: Int64
    ) throws {
        try db.run(
            """
            INSERT INTO noted (system, date, reason, login, service, count) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + excluded.count
            """, .text(system.rawValue), .integer(Int64(day.daysSinceEpoch)), .text(reason),
            .text(login.rawValue), .text(service.rawValue), .integer(count))
    }

    struct NotedRecord {
        let reason: String, login: String, service: String
        let count: Int64
    }

    /// What would have been refused at a system since a day, most first.
    func noted(_ system: SystemCode, since day: CalendarDate) throws -> [NotedRecord] {
        try db.rows(
            """
            SELECT reason, login, service, SUM(count) FROM noted
            WHERE system = ? AND date >= ? AND service <> ''
            GROUP BY reason, login, service ORDER BY 4 DESC, 1, 2, 3 LIMIT 1000
            """, .text(system.rawValue), .integer(Int64(day.daysSinceEpoch))
        ) {
            NotedRecord(
                reason: $0.text(0), login: $0.text(1), service: $0.text(2), count: $0.integer(3))
        }
    }
}

extension Quota.ID {
    /// `a:login`, `s:service`, or `` for the system.
    fileprivate var subjectText: String {
        switch subject {
        case .account(let login): "a:\(login)"
        case .service(let service): "s:\(service)"
        case .system: ""
        }
    }

    fileprivate init?(_ rule: RuleID, subjectText: String, _ date: CalendarDate) {
        switch subjectText.prefix(2) {
        case "": self.init(rule, .system, date)
        case "a:":
            self.init(rule, .account(Login(unchecked: String(subjectText.dropFirst(2)))), date)
        case "s:":
            self.init(
                rule, .service(ServiceName(unchecked: String(subjectText.dropFirst(2)))), date)
        default: return nil
        }
    }
}
