import CollectorValues
import Domain
import Platform
import Wire

/// The terms that a system's rules are judged by: its policy, allowances, notices and emergencies.
extension Records {
    /// The policy without its lists of accounts and services, as the collector judges by it.
    package func terms(_ system: SystemRecord, _ config: CollectorConfig, at now: Timestamp) throws
        -> Policy
    {
        var policy = Policy(
            system: system.code, systemName: system.name, unit: system.unit,
            unitName: system.unitName, version: Version(generation: 0, counter: 0),
            issuedAt: Timestamp(milliseconds: 0), mode: system.mode, contact: config.contact,
            calendar: config.calendar(of: system.unit), rules: config.rules, accounts: [],
            services: [])
        // What ended today still counts for today.
        let lately = now.advanced(byMilliseconds: -2 * Timestamp.millisecondsPerDay)
        policy.allowances = try allowances(system.code, at: lately).map(\.allowance)
        policy.notices = try notices(system.code)
        policy.isExempt = config.exempt.contains(system.code)
        policy.emergencyUntil = try emergency(system.unit).flatMap { $0 > lately ? $0 : nil }
        return policy
    }

    /// The terms with everything an agent needs.
    package func policyContent(_ system: SystemRecord, _ config: CollectorConfig, at now: Timestamp)
        throws
        -> Policy
    {
        var policy = try terms(system, config, at: now)
        let key = try officerKey(system.code)
        policy.officerKey = Base64URL.encode(key)
        policy.keys = try dayKeys(system.code, at: now)
        let lists = try registered(system.code, officerKey: key)
        (policy.accounts, policy.services) = lists
        return policy
    }

    /// Returns the lists of a policy, with officers hashed under a key.
    package func registered(_ system: SystemCode, officerKey key: [UInt8]) throws -> (
        accounts: [Policy.RegisteredAccount], services: [Policy.RegisteredService]
    ) {
        let code = SQLiteValue.text(system.rawValue)
        let accounts = try db.rows(
            """
            SELECT login, per_day, kind, cccd, officer_code FROM \(Registered.account)
            WHERE system = ? ORDER BY login
            """, code
        ) { row in
            let kind = Policy.RegisteredAccount.Kind(rawValue: row.text(2)) ?? .person
            let officers = [row.text(3), row.text(4)].filter { !$0.isEmpty && kind == .person }
            return Policy.RegisteredAccount(
                login: Login(unchecked: row.text(0)), perDay: row.integer(1), kind: kind,
                officers: officers.map { officerHash($0, key: key) })
        }
        let services = try db.rows(
            """
            SELECT service, office_per_day, off_per_day FROM \(Registered.service)
            WHERE system = ? ORDER BY service
            """, code
        ) {
            Policy.RegisteredService(
                service: ServiceName(unchecked: $0.text(0)), officePerDay: $0.integer(1),
                offPerDay: $0.integer(2))
        }
        return (accounts, services)
    }

    /// Returns the registered volumes of a service; nil if it is not registered.
    package func volumes(_ service: ServiceName, _ system: SystemCode) throws -> (
        office: Int64, off: Int64
    )? {
        let key = Remembered.ServiceKey(system: system, service: service)
        if let known = remembered?.volumes[key] { return known }
        let found: (office: Int64, off: Int64)? = try db.first(
            "SELECT office_per_day, off_per_day FROM \(Registered.service) WHERE system = ? AND service = ?",
            .text(system.rawValue), .text(service.rawValue)
        ) { ($0.integer(0), $0.integer(1)) }
        remembered?.keep(found, key)
        return found
    }

    package struct AllowanceRecord {
        package let id: Int64
        package let allowance: Allowance
        package let reason: String
        package let grantedBy: String
    }

    /// Returns the allowances that are not over yet.
    package func allowances(_ system: SystemCode? = nil, at now: Timestamp) throws
        -> [AllowanceRecord]
    {
        try db.rows(
            """
            SELECT id, rule, scope, queries, from_ms, until_ms, reason, granted_by FROM allowance
            WHERE until_ms > ?1 AND (?2 IS NULL OR system = ?2) ORDER BY id
            """, now.value, .optional(system?.rawValue)
        ) { row in
            guard let rule = RuleID(rawValue: row.text(1)), let scope = Scope(row.text(2)) else {
                return nil
            }
            return AllowanceRecord(
                id: row.integer(0),
                allowance: Allowance(
                    rule: rule, scope: scope, queries: row.integer(3),
                    from: Timestamp(milliseconds: row.integer(4)),
                    until: Timestamp(milliseconds: row.integer(5))),
                reason: row.text(6), grantedBy: row.text(7))
        }.compactMap { $0 }
    }

    package func add(_ allowance: Allowance, system: SystemCode, reason: String, by who: String)
        throws
    {
        remembered?.forgetRegistered()
        try markPolicy(system, outcome: nil)
        try db.run(
            """
            INSERT INTO allowance (rule, scope, system, queries, from_ms, until_ms, reason, granted_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(allowance.rule.rawValue), .text(allowance.scope.description),
            .text(system.rawValue), .integer(allowance.queries), allowance.from.value,
            allowance.until.value, .text(reason), .text(who))
    }

    /// Returns the notices of automated runs. Only an accepted one, with its document number, excuses.
    package func notices(_ system: SystemCode) throws -> [Notice] {
        try db.rows(
            """
            SELECT service, from_date, to_date, hours, per_day, plan FROM \(Registered.notice)
            WHERE system = ? AND status = 'accepted' AND number <> '' ORDER BY service, from_date, hours
            """, .text(system.rawValue)
        ) { row in
            guard let from = CalendarDate(row.text(1)), let to = CalendarDate(row.text(2)),
                let hours = clockHours(row.text(3))
            else { return nil }
            return Notice(
                service: ServiceName(unchecked: row.text(0)), from: from, to: to, hours: hours,
                perDay: row.integer(4), hasPlan: !row.text(5).isEmpty)
        }.compactMap { $0 }
    }

    package func emergency(_ unit: UnitCode) throws -> Timestamp? {
        try db.first("SELECT until_ms FROM emergency WHERE unit = ?", .text(unit.rawValue)) {
            Timestamp(milliseconds: $0.integer(0))
        }
    }

    package func setEmergency(_ unit: UnitCode, until: Timestamp, decision: String, by who: String)
        throws
    {
        remembered?.forgetRegistered()
        try markPolicies(ofUnit: unit, outcome: nil)
        try db.run(
            "INSERT OR REPLACE INTO emergency (unit, until_ms, decision, ordered_by) VALUES (?, ?, ?, ?)",
            .text(unit.rawValue), until.value, .text(decision), .text(who))
    }

    func hasOfficerKey(_ system: SystemCode) throws -> Bool {
        try db.first("SELECT 1 FROM secret WHERE name = ?", .text("officer/\(system)")) { _ in
            true
        } ?? false
    }

    /// The key under which a system's officers are hashed. It is made when first needed.
    package func officerKey(_ system: SystemCode) throws -> [UInt8] {
        let name = SQLiteValue.text("officer/\(system)")
        if let key = try db.first(
            "SELECT value FROM secret WHERE name = ?", name, read: { $0.blob(0) })
        {
            return key
        }
        let key = try randomBytes(32)
        try db.run("INSERT INTO secret (name, value) VALUES (?, ?)", name, .blob(key))
        return key
    }
}

/// Reads clock hours such as `18-6`, `20,21,22` or `22-23,0-5`; returns nil if the text has another form.
package func clockHours(_ text: String) -> Set<Int>? {
    var hours: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
            Int($0.filter { $0 != " " })
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            (0...23).contains(first), (0...23).contains(last)
        else { return nil }
        var hour = first
        hours.insert(hour)
        while hour != last {
            hour = (hour + 1) % 24
            hours.insert(hour)
        }
    }
    return hours
}
