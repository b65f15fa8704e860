import Domain
import Platform

/// Allowed queries towards each quota, by agent. R1–R3 judge by them, and each agent is told what the others counted.
extension Records {
    private static let tallies = Upsert(
        "tally", shared: ["system", "agent"], own: ["date", "rule", "subject"], adding: ["allowed"])

    package func addTallies(_ counts: [Quota.ID: Int64], _ system: SystemCode, agent: AgentID)
        throws
    {
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
        remembered?.note(counted: counts.keys, system, by: agent)
    }

    /// The tally over all agents of the system.
    package func tally(_ id: Quota.ID, _ system: SystemCode) throws -> Int64 {
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

    /// Returns the quotas of a date that had passed half of their threshold, over all agents, when something was
    /// counted towards them. Their thresholds may have been raised since.
    package func near(_ system: SystemCode, on date: CalendarDate) throws -> Set<Quota.ID> {
        if let known = remembered?.near[system], known.date == date { return known.ids }
        let ids = try db.rows(
            "SELECT rule, subject FROM near_quota WHERE system = ? AND date = ?",
            .text(system.rawValue), .integer(Int64(date.daysSinceEpoch))
        ) { row in
            RuleID(rawValue: row.text(0)).flatMap { Quota.ID($0, subjectText: row.text(1), date) }
        }
        let near = Set(ids.compactMap { $0 })
        remembered?.keep(near: near, system, date)
        return near
    }

    package func noteNear(_ id: Quota.ID, _ system: SystemCode) throws {
        guard try !near(system, on: id.date).contains(id) else { return }
        try db.run(
            "INSERT OR IGNORE INTO near_quota (system, date, rule, subject) VALUES (?, ?, ?, ?)",
            .text(system.rawValue), .integer(Int64(id.date.daysSinceEpoch)),
            .text(id.rule.rawValue), .text(id.subjectText))
        remembered?.note(near: id, system)
    }

    /// The tally over all agents of the system but one.
    package func tally(_ id: Quota.ID, _ system: SystemCode, than agent: AgentID) throws -> Int64 {
        try db.first(
            """
            SELECT COALESCE(SUM(allowed), 0) FROM tally
            WHERE system = ? AND date = ? AND rule = ? AND subject = ? AND agent <> ?
            """, .text(system.rawValue), .integer(Int64(id.date.daysSinceEpoch)),
            .text(id.rule.rawValue), .text(id.subjectText), .text(agent.rawValue)
        ) { $0.integer(0) } ?? 0
    }

    /// Deletes tallies of a system, and notes, that no rule needs any more: at most `countMax` of each kind. Returns
    /// how many.
    package func pruneTallies(_ system: SystemCode, now: Timestamp, countMax: Int) throws -> Int {
        let today = Int64(now.date.daysSinceEpoch)
        var count = 0
        for (table, key, days) in [
            ("tally", "system, date, rule, subject, agent", Int64(8)),
            ("noted", "system, date, reason, login, service", 40),
            ("near_quota", "system, date, rule, subject", 8),
        ] {
            count += try db.run(
                """
                DELETE FROM \(table) WHERE (\(key)) IN (
                SELECT \(key) FROM \(table) WHERE system = ? AND date < ? LIMIT ?)
                """, .text(system.rawValue), .integer(today - days), .integer(Int64(countMax)))
        }
        if count > 0 { remembered?.forgetTallies() }
        return count
    }

    package func agentCount(_ system: SystemCode) throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM agent WHERE system = ?", .text(system.rawValue)) {
            $0.integer(0)
        } ?? 0
    }

    /// Adds to what a rule noted, without refusing it, of an account on a day. Returns the day's total.
    package func addNoted(
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

    package func addNoted(
        _ reason: String, _ login: Login, _ service: ServiceName, _ system: SystemCode,
        _ day: CalendarDate, _ count: Int64
    ) throws {
        try db.run(
            """
            INSERT INTO noted (system, date, reason, login, service, count) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = MIN(count + excluded.count, 9007199254740991)
            """, .text(system.rawValue), .integer(Int64(day.daysSinceEpoch)), .text(reason),
            .text(login.rawValue), .text(service.rawValue), .integer(count))
    }

    package struct NotedRecord {
        package let reason: String, login: String, service: String
        package let count: Int64
    }

    /// Returns what would have been refused at a system since a day, most first.
    package func noted(_ system: SystemCode, since day: CalendarDate) throws -> [NotedRecord] {
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
    /// `a:login`, `s:service`, or an empty text for the system.
    var subjectText: String {
        switch subject {
        case .account(let login): "a:\(login)"
        case .service(let service): "s:\(service)"
        case .system: ""
        }
    }

    package init?(_ rule: RuleID, subjectText: String, _ date: CalendarDate) {
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
