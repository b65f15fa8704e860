import CollectorValues
import Domain
import Platform

/// Adds to totals. All three tables are written in the transaction that keeps the summary.
extension Records {
    private static func values(_ counts: QueryCounts) -> [SQLiteValue] {
        [.integer(counts.allowed), .integer(counts.denied), .integer(counts.passed)]
    }

    private static let sums = ["allowed", "denied", "passed"]
    private static let hours = Upsert(
        "usage_hour", shared: ["system"], own: ["hour", "account", "service", "win"], adding: sums)
    private static let dates = Upsert(
        "usage_date", shared: ["system"], own: ["date", "part", "account", "service"], adding: sums)
    private static let systemHours = Upsert(
        "usage_system_hour", shared: ["system"], own: ["hour", "service", "win"], adding: sums)

    /// Adds all rows of one summary. `opening` is the hour at which the office of the system's unit opens.
    package func add(_ rows: [SummaryRow], system: SystemCode, opening: Int) throws {
        guard !rows.isEmpty else { return }
        let systemID = try usageSystem(system)
        var services: [ServiceName: Int64] = [:]
        struct SystemHour: Hashable { let hour: Int64, service: Int64, isOff: Int64 }
        var systemHours: [SystemHour: QueryCounts] = [:]
        struct AccountDate: Hashable {
            let date: Int64, part: Int64, account: Int64, service: Int64
        }
        var dates: [AccountDate: QueryCounts] = [:]
        dates.reserveCapacity(rows.count)
        var accounts: [Login: Int64] = [:]
        accounts.reserveCapacity(rows.count)
        var denials: [DenialKey: [ExactText: Int64]] = [:]
        var hours: [SQLiteValue] = []
        hours.reserveCapacity(rows.count * 7)
        for row in rows {
            let service = try services[row.service] ?? usageService(row.service)
            services[row.service] = service
            let account = try accounts[row.login] ?? usageAccount(row.login, systemID)
            accounts[row.login] = account
            let hour = row.hour.milliseconds / Timestamp.millisecondsPerHour
            let isOff: Int64 = row.window == .off ? 1 : 0
            var own = QueryCounts()
            own.add(row)
            hours += [.integer(hour), .integer(account), .integer(service), .integer(isOff)]
            hours += Self.values(own)
            systemHours[.init(hour: hour, service: service, isOff: isOff), default: QueryCounts()]
                .add(row)
            let part = (row.hour.hourOfDay < opening ? 0 : 2) + isOff
            dates[
                .init(
                    date: Int64(row.hour.date.daysSinceEpoch), part: part, account: account,
                    service: service), default: QueryCounts()
            ].add(row)
            guard !row.denied.isEmpty || !row.would.isEmpty else { continue }
            try addReasons(row, system)
            Self.collect(row, opening: opening, &denials)
        }
        try addDenialSums(denials, system)
        let shared = [SQLiteValue.integer(systemID)]
        try Self.hours.run(db, shared: shared, rows: hours)
        try Self.dates.run(
            db, shared: shared,
            rows: dates.flatMap { key, sums in
                [
                    .integer(key.date), .integer(key.part), .integer(key.account),
                    .integer(key.service),
                ] + Self.values(sums)
            })
        try Self.systemHours.run(
            db, shared: shared,
            rows: systemHours.flatMap { key, sums in
                [.integer(key.hour), .integer(key.service), .integer(key.isOff)] + Self.values(sums)
            })
    }

    private func addReasons(_ row: SummaryRow, _ system: SystemCode) throws {
        for (reason, count) in row.would where count > 0 && reason != "R10" {
            try addNoted(reason, row.login, row.service, system, row.hour.date, count)
        }
        for (reason, count) in row.denied where count > 0 {
            try db.run(
                """
                INSERT INTO denial (system, hour, reason, login, service, count) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET \(NumberRanges.adding("count", "excluded.count"))
                """, .text(system.rawValue), row.hour.value, .text(reason),
                .text(row.login.rawValue), .text(row.service.rawValue), .integer(count))
        }
    }

    private func usageSystem(_ system: SystemCode) throws -> Int64 {
        try number(
            .init(table: "usage_system", name: system.rawValue, system: 0),
            "SELECT id FROM usage_system WHERE code = ?",
            "INSERT INTO usage_system (code) VALUES (?)", [.text(system.rawValue)])
    }

    private func usageService(_ service: ServiceName) throws -> Int64 {
        try number(
            .init(table: "usage_service", name: service.rawValue, system: 0),
            "SELECT id FROM usage_service WHERE name = ?",
            "INSERT INTO usage_service (name) VALUES (?)", [.text(service.rawValue)])
    }

    private func usageAccount(_ login: Login, _ system: Int64) throws -> Int64 {
        try number(
            .init(table: "usage_account", name: login.rawValue, system: system),
            "SELECT id FROM usage_account WHERE login = ? AND system = ?",
            "INSERT INTO usage_account (login, system) VALUES (?, ?)",
            [.text(login.rawValue), .integer(system)])
    }

    private func number(
        _ key: Remembered.NameKey, _ find: String, _ add: String, _ values: [SQLiteValue]
    ) throws -> Int64 {
        if let known = remembered?.numbers[key] { return known }
        var number = try db.first(find, values: values, read: { $0.integer(0) })
        if number == nil {
            try db.run(add, values: values)
            number = db.lastInsertRowID
        }
        let found = number ?? 0
        remembered?.keep(found, key)
        return found
    }

    /// Takes over the totals of a database from before the three tables.
    package func adoptOldUsage(opening: (SystemCode) -> Int) throws {
        let old = try db.first("SELECT 1 FROM sqlite_schema WHERE name = 'usage'") { _ in true }
        guard old == true else { return }
        try db.forEach(
            "SELECT system, login, hour, service, win, allowed, denied, passed FROM usage",
            values: []
        ) {
            let system = SystemCode(unchecked: $0.text(0))
            let row = SummaryRow(
                login: Login(unchecked: $0.text(1)), service: ServiceName(unchecked: $0.text(3)),
                hour: Timestamp(milliseconds: $0.integer(2)),
                window: WindowKind(rawValue: $0.text(4)) ?? .off, allowed: $0.integer(5),
                passed: $0.integer(7))
            try addOld(row, denied: $0.integer(6), system, opening: opening(system))
        }
        try db.execute("DROP TABLE usage")
    }

    /// The old table says how many were refused but not why; the reasons are already in `denial`.
    private func addOld(_ row: SummaryRow, denied: Int64, _ system: SystemCode, opening: Int) throws
    {
        try add([row], system: system, opening: opening)
        guard denied > 0 else { return }
        let systemID = try usageSystem(system)
        let service = try usageService(row.service)
        let account = try usageAccount(row.login, systemID)
        let hour = row.hour.milliseconds / Timestamp.millisecondsPerHour
        let isOff: Int64 = row.window == .off ? 1 : 0
        let part = (row.hour.hourOfDay < opening ? 0 : 2) + isOff
        try db.run(
            """
            UPDATE usage_hour SET \(NumberRanges.adding("denied", "?1"))
            WHERE hour = ? AND system = ? AND account = ? AND service = ? AND win = ?
            """, .integer(denied), .integer(hour), .integer(systemID), .integer(account),
            .integer(service), .integer(isOff))
        try db.run(
            """
            UPDATE usage_date SET \(NumberRanges.adding("denied", "?1"))
            WHERE date = ? AND part = ? AND system = ? AND account = ? AND service = ?
            """, .integer(denied), .integer(Int64(row.hour.date.daysSinceEpoch)), .integer(part),
            .integer(systemID), .integer(account), .integer(service))
        try db.run(
            """
            UPDATE usage_system_hour SET \(NumberRanges.adding("denied", "?1"))
            WHERE system = ? AND hour = ? AND service = ? AND win = ?
            """, .integer(denied), .integer(systemID), .integer(hour), .integer(service),
            .integer(isOff))
    }
}
