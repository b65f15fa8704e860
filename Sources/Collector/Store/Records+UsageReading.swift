import CollectorValues
import Domain
import Platform

/// Reads totals.
extension Records {
    /// Returns from when on hours and dates by account are complete; nil if nothing was deleted yet.
    package func usageKept() throws -> (hoursFrom: Int64?, datesFrom: Int64?) {
        try db.first("SELECT hours_from, dates_from FROM usage_kept") {
            ($0.integerOrNil(0), $0.integerOrNil(1))
        } ?? (nil, nil)
    }

    /// Returns the names behind the numbers in cells.
    package func usageSystems() throws -> [Int64: String] {
        var names: [Int64: String] = [:]
        try db.forEach("SELECT id, code FROM usage_system", values: []) {
            names[$0.integer(0)] = $0.text(1)
        }
        return names
    }

    package func usageServiceName(_ id: Int64) throws -> String {
        try db.first("SELECT name FROM usage_service WHERE id = ?", .integer(id)) { $0.text(0) }
            ?? "?"
    }

    package func usageLogin(_ id: Int64) throws -> String {
        try db.first("SELECT login FROM usage_account WHERE id = ?", .integer(id)) { $0.text(0) }
            ?? "?"
    }

    /// Goes through all cells of one source that fit the filters, from `first` until before `end` (in hours, or dates).
    /// `systems` nil means all of them.
    package func usage(
        _ source: UsageSource, _ question: UsageQuestion, systems: [Int64]?, first: Int64?,
        end: Int64?, _ body: (UsageCell) throws -> Void
    ) throws {
        let table = Self.tables[source] ?? ("usage_hour", "hour")
        guard let bounds = try bounds(of: table, first, end) else { return }
        var filters = ""
        var values: [SQLiteValue] = [.integer(bounds.lowerBound), .integer(bounds.upperBound)]
        if let service = question.service {
            values.append(.text(service))
            filters +=
                " AND u.service = (SELECT id FROM usage_service WHERE name = ?\(values.count))"
        }
        if let window = question.window {
            let column = source == .dates ? "u.part & 1" : "u.win"
            filters += " AND \(column) = \(window == WindowKind.off.rawValue ? 1 : 0)"
        }
        if let systems {
            values.append(.text("[" + systems.map { "\($0)" }.joined(separator: ",") + "]"))
        }
        let list = "(SELECT value FROM json_each(?\(values.count)))"
        if let account = question.account { values.append(.text(account)) }
        let from = Self.from(
            source, table, list: systems.map { _ in list },
            login: question.account.map { _ in values.count })
        let (account, win, early) =
            source == .systemHours
            ? ("0", "u.win", "0")
            : (
                "u.account", source == .dates ? "u.part & 1" : "u.win",
                source == .dates ? "u.part < 2" : "0"
            )
        try db.forEach(
            """
            \(from.with) SELECT u.system, \(account), u.service, u.\(table.time), \(win), \(early),
            u.allowed, u.denied, u.passed FROM \(from.tables) WHERE \(from.joined)\(filters)
            """, values: values
        ) { row in
            try body(
                UsageCell(
                    system: row.integer(0), account: row.integer(1), service: row.integer(2),
                    time: row.integer(3), isOff: row.integer(4) == 1, isEarly: row.integer(5) == 1,
                    allowed: row.integer(6), denied: row.integer(7), passed: row.integer(8)))
        }
    }

    private static let tables: [UsageSource: (name: String, time: String)] = [
        .systemHours: ("usage_system_hour", "hour"), .dates: ("usage_date", "date"),
        .hours: ("usage_hour", "hour"),
    ]

    /// Returns bounds that always have an end, because a look-up of some systems steps from time to time.
    private func bounds(
        of table: (name: String, time: String), _ first: Int64?, _ end: Int64?
    ) throws -> Range<Int64>? {
        let least: Int64?
        let most: Int64?
        if table.name == "usage_system_hour" {
            // Its rows are sorted by system first, so a wide range costs nothing.
            (least, most) = (Int64(Int32.min), Int64(Int32.max))
        } else {
            least =
                try db.first("SELECT MIN(\(table.time)) FROM \(table.name)") {
                    $0.integerOrNil(0)
                } ?? nil
            most =
                try db.first("SELECT MAX(\(table.time)) FROM \(table.name)") {
                    $0.integerOrNil(0)
                } ?? nil
        }
        guard let least, let most else { return nil }
        let from = max(first ?? least, least)
        let to = min(end ?? most.adding(1), most.adding(1))
        return from < to ? from..<to : nil
    }

    /// Says how the rows are found: all of a span in one sweep, or those of some systems or accounts, time by time.
    private static func from(
        _ source: UsageSource, _ table: (name: String, time: String), list: String?, login: Int?
    ) -> (with: String, tables: String, joined: String) {
        let span = "u.\(table.time) >= ?1 AND u.\(table.time) < ?2"
        if source == .systemHours {
            let those = list.map { " AND s.id IN \($0)" } ?? ""
            return (
                "", "usage_system s CROSS JOIN usage_system_hour u",
                "u.system = s.id AND \(span)\(those)"
            )
        }
        guard list != nil || login != nil else { return ("", "\(table.name) u", span) }
        var tables = "t"
        var joined = "u.\(table.time) = t.i AND t.i < ?2"
        if source == .dates {
            tables += " CROSS JOIN (SELECT 0 AS part UNION ALL VALUES (1), (2), (3)) p"
            joined += " AND u.part = p.part"
        }
        if let login {
            tables += " CROSS JOIN usage_account a"
            joined += " AND a.login = ?\(login) AND u.system = a.system AND u.account = a.id"
            if let list { joined += " AND a.system IN \(list)" }
        } else if let list {
            tables += " CROSS JOIN usage_system s"
            joined += " AND s.id IN \(list) AND u.system = s.id"
        }
        // Steps from each existing time to the next one, so that empty time costs nothing, however long it is.
        func next(_ condition: String) -> String {
            "(SELECT MIN(n.\(table.time)) FROM \(table.name) n WHERE n.\(table.time) \(condition))"
        }
        return (
            "WITH RECURSIVE t (i) AS (SELECT \(next(">= ?1")) UNION ALL SELECT \(next("> t.i")) FROM t WHERE t.i < ?2)",
            "\(tables) CROSS JOIN \(table.name) u", joined
        )
    }

    /// Returns the accounts of a system with the most allowed queries within whole hours, for one service or all.
    package func topAccounts(
        _ system: SystemCode, _ service: ServiceName?, in hours: Range<Timestamp>, countMax: Int
    ) throws -> [(login: String, count: Int64)] {
        var question = UsageQuestion(from: hours.lowerBound, to: hours.upperBound)
        question.service = service?.rawValue
        var sums: [Int64: Int64] = [:]
        try usage(
            .hours, question, systems: try usageSystem(of: system), first: question.firstHour,
            end: question.endHour
        ) { sums[$0.account, default: 0] = sums[$0.account, default: 0].adding($0.allowed) }
        let named = try sums.map { (login: try usageLogin($0.key), count: $0.value) }
        return Array(
            named.sorted { ($1.count, $0.login) < ($0.count, $1.login) }.prefix(countMax))
    }

    package func servicesUsed(_ system: SystemCode, in hours: Range<Timestamp>) throws -> Int64 {
        let question = UsageQuestion(from: hours.lowerBound, to: hours.upperBound)
        var services: Set<Int64> = []
        try usage(
            .systemHours, question, systems: try usageSystem(of: system),
            first: question.firstHour, end: question.endHour
        ) { if $0.allowed > 0 { services.insert($0.service) } }
        return Int64(services.count)
    }

    private func usageSystem(of code: SystemCode) throws -> [Int64] {
        try db.rows("SELECT id FROM usage_system WHERE code = ?", .text(code.rawValue)) {
            $0.integer(0)
        }
    }
}
