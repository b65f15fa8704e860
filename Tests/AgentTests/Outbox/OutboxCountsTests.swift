import Domain
import Platform
import Testing

@testable import Agent

extension Outbox {
    func used(from: Timestamp) throws -> [Used] {
        var all: [Used] = []
        try forEachUsed(from: from) { all.append($0) }
        return all
    }
}

@Suite("What made-up names may take") struct MadeUpNamesTests {
    private static let hour = Sample.noon.hourStart

    private static func row(_ login: String, would: [String: Int64] = [:]) -> SummaryRow {
        SummaryRow(
            login: Login(login)!, service: Sample.service, hour: hour, window: .office, allowed: 1,
            would: would)
    }

    @Test("only what volumes are registered for is remembered for a restart")
    func remembered() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1)
        var rows = ["canbo1", "la1", "la2"].map { Self.row($0) }
        rows.append(
            SummaryRow(
                login: Login("la3")!, service: ServiceName("KhongCo")!, hour: Self.hour,
                window: .office, allowed: 1))
        let rules = GateRules(policy: Sample.policy(), sets: [])
        try outbox.take(
            Interval(from: Sample.noon, to: Sample.noon, rows: rows), ledger: 1,
            remembered: rules.remembered)
        // Those of others count towards the service's volume, together.
        let used = try outbox.used(from: Self.hour)
        #expect(used.map(\.login.rawValue) == ["*other", "canbo1"])
        #expect(used.map(\.allowed) == [2, 1])
    }

    @Test("what rules would have refused is told of so many names an hour, of the rest together")
    func noted() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.db"
        let outbox = try Outbox(path: path, epoch: 1)
        let max = Int(Outbox.notedMax)
        // In two intervals of the hour, some names in both.
        for (number, names) in [0..<max - 10, max - 20..<max + 100].enumerated() {
            let rows = names.map { Self.row("la\($0)", would: ["R8.account": 2]) }
            try outbox.take(
                Interval(from: Sample.noon, to: Sample.noon, rows: rows), ledger: Int64(number + 1))
        }
        let (count, sum) = try #require(
            try outbox.database.use { db in
                try db.first("SELECT COUNT(*), SUM(count) FROM noted") {
                    ($0.integer(0), $0.integer(1))
                }
            })
        #expect(count == Outbox.notedMax + 1)
        #expect(sum == Int64(2 * (max - 10 + 120)))
        let told = try Outbox.noted(readingFrom: path, since: Self.hour)
        #expect(told.first?.account == Login.folded.rawValue && told.first?.count == 200)
    }

    @Test("in a system that only observes, made-up logins take no more memory than so many")
    func tallies() {
        var gate = Gate(
            rules: GateRules(policy: Sample.policy(perDay: 1 << 30, mode: .observe), sets: []))
        let more = Tallies.unregisteredMax + 500
        for number in 0..<more { _ = gate.decide(Sample.query("la\(number)")) }
        for _ in 0..<3 { _ = gate.decide(Sample.query("canbo1")) }
        for _ in 0..<2 { _ = gate.decide(Sample.query("la0")) }
        func count(_ login: String) -> Int64 {
            gate.count(Quota.ID(.r1, .account(Login(login)!), CalendarDate("2026-11-24")!))
        }
        #expect(count("canbo1") == 3 && count("la0") == 3 && count("la\(more - 1)") == 0)
        #expect((0..<more).count { count("la\($0)") > 0 } == Tallies.unregisteredMax)
    }
}
