import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Alerts that cannot be drowned") struct AlertFloodTests {
    /// A summary of system 0 whose rows would have been refused by R10, one a login.
    private func lent(_ logins: [String], _ nation: Nation, seq: Int64) throws {
        let record = try #require(try nation.records.system(nation.system(0)))
        let rows = logins.map {
            var row = SummaryRow(
                login: Login(unchecked: $0), service: ServiceName("Tra")!,
                hour: nation.now.hourStart, window: .office, allowed: 0)
            row.would = ["R10": 2]
            return row
        }
        let summary = Summary(
            agent: AgentID(system: record.code, number: 1), system: record.code, epoch: 1, seq: seq,
            part: .init(n: 1, of: 1), prev: "", from: nation.now, to: nation.now,
            everyMilliseconds: 60_000, clockOffsetMilliseconds: nil, held: .init(), downtime: nil,
            dropped: [:], refusedSets: [:], breaches: [], rows: rows)
        try Detection(
            records: nation.records, book: nation.book, config: nation.config, system: record,
            policy: try nation.records.terms(record, nation.config, at: nation.now),
            now: nation.now
        ).examine(summary)
    }

    @Test("ten thousand made-up logins raise no alert of R10")
    func madeUp() throws {
        let nation = try Nation()
        for part in 0..<10 {
            try lent((0..<1000).map { "x\(part)-\($0)" }, nation, seq: Int64(part))
        }
        #expect(try nation.records.alerts().filter { $0.rule == "R10" }.isEmpty)
    }

    @Test("lent logins of a system are one alert a day, which grows and names the largest")
    func growing() throws {
        var nation = try Nation()
        let many = (0..<12).map {
            "H10.mot,lent\($0),NGUYENVANMAU,00000000\(1000 + $0),5\n"
        }
        _ = try RegistryImport(records: nation.records, replaces: false).run(
            .accounts, file: "accounts.csv",
            text: "system,login,full_name,cccd,per_day\n" + many.joined())
        for time in 0..<3 {
            try lent(
                (0..<12).map { "lent\($0)" } + ["lent7", "nobody"], nation, seq: Int64(time))
        }
        let alerts = try nation.records.alerts().filter { $0.rule == "R10" }
        #expect(alerts.map(\.scope) == ["system=H10.mot"])
        guard case .object(let figures)? = alerts.first?.figures else {
            return #expect(Bool(false))
        }
        #expect(figures["n"] == .integer(12))
        #expect(figures["count"] == .integer(3 * 13 * 2))
        guard case .array(let named)? = figures["accounts"] else { return #expect(Bool(false)) }
        #expect(named.count == 5)
        #expect(named.first == .object(["login": .string("lent7"), "count": .integer(12)]))
        #expect(alerts[0].message.en.contains("lent7 (12)"))
        #expect(try nation.records.lastNotification() == 1)
        // The next day is another alert.
        nation.now = nation.now.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
        try lent(["lent1"], nation, seq: 4)
        #expect(try nation.records.alerts().filter { $0.rule == "R10" }.count == 2)
    }

    @Test("what an agent tells apart a thousand times a day is twenty alerts and one that grows")
    func apart() throws {
        let nation = try Nation()
        let key = try Ed25519PrivateKey.generate()
        let agent = try #require(
            try nation.records.enrol(
                JWK(key.publicKey), token: "t", system: nation.system(0), host: "x", at: nation.now)
        )
        for number in 0..<1000 {
            try Integrity(records: nation.records, now: nation.now).found(
                "bypass", .alertBypass, agent, apart: " \(number)")
        }
        let alerts = try nation.records.alerts()
        #expect(alerts.count == Integrity.apartMax + 1)
        let times = alerts.compactMap { alert -> Int64? in
            guard case .object(let figures) = alert.figures,
                case .integer(let times)? = figures["times"]
            else { return nil }
            return times
        }
        #expect(times.max() == Int64(1000 - Integrity.apartMax))
    }

    @Test("no text of a command is longer than is kept") func texts() throws {
        var request = AdminRequest(
            command: "lock add", options: ["reason": ["x"]], flags: [], arguments: ["a"], files: [])
        request.options["reason"] = [String(repeating: "ý", count: 2048)]
        try request.checkLengths()
        request.options["reason"]?.append(String(repeating: "ý", count: 2049))
        let told = try #require(throws: CommandFailure.self) { try request.checkLengths() }
        #expect(told.description.contains("4098 bytes") && told.vietnamese.contains("4098 byte;"))
        request.options = [:]
        request.arguments = [String(repeating: "x", count: 5000)]
        #expect(throws: CommandFailure.self) { try request.checkLengths() }
    }

    @Test("a long list of many alerts reads each of them once") func longList() throws {
        let box = try Outbox()
        try box.records.db.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO alert (rule, kind, scope, key, state, from_ms, at_ms, confidence, vi, en, figures, evidence)
            SELECT 'R8', 'account', 'account=x' || i || '@H26.motcua', '', 'open', i, i, 1.0, 'vi', 'en', '{}', '[]'
            FROM n
            """)
        var filter = AlertFilter()
        filter.limit = 10_000
        let begun = MonotonicClock.milliseconds()
        let list = try box.records.alertList(filter)
        #expect(list.alerts.count == 10_000 && list.more == 10_000)
        // 200 million rows looked at take ten times as long.
        #expect(MonotonicClock.milliseconds() - begun < 5_000)
    }

    @Test("a list is by severity, then time; it is filtered, cut, and says how many more there are")
    func list() throws {
        let box = try Outbox()
        for index in 0..<30 {
            var quiet = box.finding(.r8, "account", scope: "system=H26.s\(index)")
            quiet.at = box.later(Int64(100 + index))
            try box.records.add(quiet)
        }
        try box.records.add(box.finding(.r1, "lock", scope: "account=a@x@H26.motcua"))
        try box.records.add(box.finding(.x1, "shared", scope: "person=p1@*", confidence: 0.97))
        try box.records.add(box.finding(.i1, "gap", scope: "system=G01.mot"))
        try box.records.add(box.finding(.r1, "breach", scope: "account=a@H26.x@G01.mot"))
        try box.records.add(box.finding(.r7, "late", scope: "unit=H26"))

        var filter = AlertFilter()
        filter.limit = 6
        let first = try box.records.alertList(filter)
        #expect(first.more == 29)
        #expect(
            first.alerts.map(\.severity)
                == [.critical, .critical, .warning, .warning, .warning, .info])
        #expect(first.alerts.last?.scope == "system=H26.s29")

        func count(_ change: (inout AlertFilter) -> Void) throws -> Int {
            var filter = AlertFilter()
            change(&filter)
            let list = try box.records.alertList(filter)
            #expect(list.more == 0)
            return list.alerts.count
        }
        #expect(try count { $0.rule = .r8 } == 30)
        #expect(try count { $0.severity = .warning } == 5)
        #expect(try count { $0.severity = .critical } == 2)
        #expect(try count { $0.unit = UnitCode("H26")! } == 32)
        #expect(try count { $0.unit = UnitCode("G01")! } == 2)
        #expect(try count { $0.from = box.later(100) } == 30)
        #expect(try count { $0.to = box.later(100) } == 5)
        #expect(try count { $0.state = "resolved" } == 0)
        #expect(try box.records.resolveAlert(1, at: .now))
        #expect(try count { $0.state = "resolved" } == 1)
    }

    @Test("the severity that a list sorts by is the one that is told, for every rule and kind")
    func severities() throws {
        let box = try Outbox()
        let kinds = Set(SeverityTable.lines.map(\.kind)).union(["none"])
        for rule in RuleID.allCases {
            for kind in kinds {
                for confidence in [0.5, 0.949, 0.95, 1] {
                    try box.records.add(
                        box.finding(
                            rule, kind, key: "\(confidence)", confidence: confidence))
                }
            }
        }
        let rows = try box.records.db.rows(
            "SELECT id, \(SeverityTable.rankSQL) FROM alert"
        ) { ($0.integer(0), Int($0.integer(1))) }
        #expect(rows.count == RuleID.allCases.count * kinds.count * 4)
        for (id, rank) in rows {
            let alert = try #require(try box.records.alerts(id).first)
            #expect(alert.severity.rank == rank)
        }
    }

    @Test("a list reads its index, not the sentences of every alert")
    func plan() throws {
        let box = try Outbox()
        let plan = try box.records.db.rows(
            """
            EXPLAIN QUERY PLAN SELECT id, scope FROM alert WHERE (?1 IS NULL OR rule = ?1)
            ORDER BY \(SeverityTable.rankSQL) DESC, at_ms DESC, id DESC
            """, .null
        ) { $0.text(3) }
        #expect(plan.contains { $0.contains("COVERING INDEX alert_list") })
    }
}
