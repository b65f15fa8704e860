import Domain
import Testing

@testable import Agent

/// Builders of what an agent decides by.
enum Sample {
    static let system = SystemCode("H26.motcua")!
    static let account = Quota.ID(
        .r1, .account(Login("canbo1")!), CalendarDate("2026-11-24")!)
    static let noon = Timestamp("2026-11-24T12:00:00")!
    static let service = ServiceName("TraCuuThongTinCongDan")!

    static func policy(
        perDay: Int64 = 3, mode: Policy.Mode = .enforce, rules: [String: RuleSetting] = [:],
        kind: Policy.RegisteredAccount.Kind = .person, office: Int64 = 100, off: Int64 = 10
    ) -> Policy {
        Policy(
            system: system, systemName: "Một cửa", unit: system.unit, unitName: "Đơn vị",
            version: Version(generation: 1, counter: 1), issuedAt: noon, mode: mode,
            contact: .same("C06"), calendar: .letter, rules: rules,
            accounts: [.init(login: Login("canbo1")!, perDay: perDay, kind: kind)],
            services: [.init(service: service, officePerDay: office, offPerDay: off)])
    }

    static func query(_ login: String = "canbo1", at: Timestamp = noon) -> Query {
        Query(login: Login(login)!, service: service, source: "10.0.0.1", at: at)
    }

    static func lock(_ scope: String, expires: Timestamp? = nil) -> LockSet {
        LockSet(
            audience: .nation, version: Version(generation: 1, counter: 1), issuedAt: noon,
            locks: [
                Lock(
                    id: "L-2026-000001", scope: Scope(scope)!, reason: "staff",
                    message: .same("khóa"),
                    issuedAt: noon, expiresAt: expires)
            ], waivers: [])
    }
}

@Suite("Gate") struct GateTests {
    @Test("exactly twice the registered queries pass, the breaches are told once each")
    func quota() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: []))
        let decisions = (0..<9).map { _ in gate.decide(Sample.query()) }
        #expect(
            decisions.map { $0.refusal == nil } == [
                true, true, true, true, true, true, false, false, false,
            ])
        #expect(decisions.flatMap { $0.breaches.map(\.k) } == [1, 2])
        #expect(decisions[6].refusal?.code == "R1")
    }

    @Test("a day's count ends at 07:00")
    func day() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: []))
        let dawn = Timestamp("2026-11-25T06:59:59.999")!
        for _ in 0..<6 { _ = gate.decide(Sample.query(at: dawn)) }
        #expect(gate.decide(Sample.query(at: dawn)).refusal != nil)
        #expect(gate.decide(Sample.query(at: Timestamp("2026-11-25T07:00:00")!)).refusal == nil)
    }

    @Test("a waiver moves the lock to its breach")
    func waiver() {
        let set = LockSet(
            audience: .system(Sample.system), version: Version(generation: 1, counter: 2),
            issuedAt: Sample.noon,
            locks: [],
            waivers: [
                Waiver(
                    rule: .r1, scope: Scope("account=canbo1@H26.motcua")!,
                    key: "2026-11-24", nextK: 3)
            ])
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: [set]))
        let passed = (0..<20).filter { _ in gate.decide(Sample.query()).refusal == nil }.count
        #expect(passed == 9)
    }

    @Test("other agents' counts are added to one's own")
    func others() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: []))
        _ = gate.decide(Sample.query())
        gate.adoptOthers([Sample.account: 4])
        #expect(gate.decide(Sample.query()).refusal == nil)
        #expect(gate.decide(Sample.query()).refusal?.reason == .r1)
    }

    @Test("an account shared by a system is told of and never refused")
    func systemAccount() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(kind: .system), sets: []))
        let decisions = (0..<9).map { _ in gate.decide(Sample.query()) }
        #expect(decisions.allSatisfy { $0.refusal == nil })
        #expect(decisions.contains { $0.breaches.map(\.k) == [2] })
    }

    @Test("unregistered accounts and services are refused by R8; T = 0 is unregistered")
    func registration() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: []))
        #expect(gate.decide(Sample.query("la")).refusal?.reason == .r8Account)
        var other = Sample.query()
        other.service = ServiceName("Khac")!
        #expect(gate.decide(other).refusal?.reason == .r8Service)
        var none = Gate(rules: GateRules(policy: Sample.policy(perDay: 0), sets: []))
        #expect(none.decide(Sample.query()).refusal?.reason == .r8Account)
    }

    @Test("observe refuses nothing by rule and says what it would have, but locks bind")
    func observe() {
        let rules = GateRules(
            policy: Sample.policy(perDay: 1, mode: .observe),
            sets: [Sample.lock("account=la@H26.motcua")])
        var gate = Gate(rules: rules)
        let decisions = (0..<4).map { _ in gate.decide(Sample.query()) }
        #expect(decisions.map(\.noted) == [[], [], [.r1], [.r1]])
        #expect(decisions.allSatisfy { $0.refusal == nil })
        #expect(gate.decide(Sample.query("la")).refusal?.reason == .lock)
    }

    @Test(
        "a lock binds whom it names and nobody else",
        arguments: [
            ("account=canbo1@H26.motcua", true), ("account=canbo2@H26.motcua", false),
            ("account=canbo1@H29.motcua", false),
            ("system=H26.motcua", true), ("system=H26.dvc", false), ("unit=H26", true),
            ("unit=H29", false),
            ("service=TraCuuThongTinCongDan@H26.motcua", true), ("ip=10.0.0.1@*", true),
            ("ip=10.0.0.2@H26.motcua", false),
        ])
    func locks(_ scope: String, _ binds: Bool) {
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: [Sample.lock(scope)]))
        #expect((gate.decide(Sample.query()).refusal?.reason == .lock) == binds)
    }

    @Test("a lock whose time is over no longer binds")
    func expiry() {
        let set = Sample.lock("unit=H26", expires: Sample.noon)
        var gate = Gate(rules: GateRules(policy: Sample.policy(), sets: [set]))
        #expect(
            gate.decide(Sample.query(at: Sample.noon.advanced(byMilliseconds: -1))).refusal != nil)
        #expect(gate.decide(Sample.query()).refusal == nil)
    }
}
