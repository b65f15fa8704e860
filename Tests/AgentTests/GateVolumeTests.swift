import Domain
import Testing
import Wire

@testable import Agent

/// R2, R3, R9 and R10 at the Gate.
@Suite("Gate volumes") struct GateVolumeTests {
    static let evening = Timestamp("2026-11-24T20:00:00")!

    func passed(_ gate: inout Gate, _ count: Int, at: Timestamp, login: String = "canbo1") -> Int {
        (0..<count).filter { _ in
            gate.decide(Sample.query(login, at: at)).refusal == nil
        }.count
    }

    @Test("a service passes twice its office volume in office hours, and as much again tomorrow")
    func office() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 1000, office: 4), sets: []))
        #expect(passed(&gate, 20, at: Sample.noon) == 8)
        let refusal = gate.decide(Sample.query()).refusal
        #expect(refusal?.reason == .r2 && refusal?.code == "R2")
        #expect(refusal?.message.en.contains("all of 2 times its registered 4") == true)
        #expect(passed(&gate, 5, at: Timestamp("2026-11-24T17:59:59.999")!) == 0)
        #expect(passed(&gate, 20, at: Timestamp("2026-11-25T07:00:00")!) == 8)
    }

    @Test("off hours have a volume of their own, over midnight, until 07:00")
    func offHours() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 1000, off: 3), sets: []))
        #expect(passed(&gate, 5, at: Sample.noon) == 5)
        #expect(passed(&gate, 4, at: Timestamp("2026-11-24T18:00:00")!) == 4)
        #expect(passed(&gate, 9, at: Timestamp("2026-11-25T06:59:59.999")!) == 2)
        #expect(
            gate.decide(Sample.query(at: Timestamp("2026-11-25T03:00:00")!)).refusal?.reason == .r3)
        #expect(passed(&gate, 5, at: Timestamp("2026-11-25T07:00:00")!) == 5)
    }

    @Test("exactly 1,000 queries of a system pass in one off window")
    func cap() {
        var gate = Gate(
            rules: GateRules(policy: Sample.policy(perDay: 100_000, off: 900), sets: []))
        #expect(passed(&gate, 1500, at: Self.evening) == 1000)
        let decision = gate.decide(Sample.query(at: Self.evening))
        #expect(decision.refusal?.reason == .r3Cap && decision.refusal?.code == "R3")
        #expect(decision.breaches.isEmpty, "the breach was told once")
    }

    @Test("a service that is not registered for off hours is refused as such, by R8")
    func unregisteredOff() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(off: 0), sets: []))
        let refusal = gate.decide(Sample.query(at: Self.evening)).refusal
        #expect(refusal?.reason == .r8Off && refusal?.code == "R8")
        #expect(refusal?.message.vi.contains("07:00 ngày 25/11/2026") == true)
        #expect(gate.decide(Sample.query()).refusal == nil)
    }

    @Test("an allowance adds to the registered volume while it is in force")
    func allowance() {
        var policy = Sample.policy(perDay: 2)
        policy.allowances = [
            Allowance(
                rule: .r1, scope: Scope("account=canbo1@H26.motcua")!, queries: 3,
                from: Sample.noon, until: Sample.noon.advanced(byMilliseconds: 1000))
        ]
        var gate = Gate(rules: GateRules(policy: policy, sets: []))
        #expect(passed(&gate, 30, at: Sample.noon) == 10)
        #expect(passed(&gate, 1, at: Sample.noon.advanced(byMilliseconds: 1000)) == 0)
        #expect(passed(&gate, 9, at: Timestamp("2026-11-25T12:00:00")!) == 4)
    }

    @Test("an accepted notice excuses within its hours; the cap only with an agreed plan")
    func notices() {
        var policy = Sample.policy(perDay: 100_000, off: 10)
        func notice(plan: Bool) -> Notice {
            Notice(
                service: Sample.service, from: CalendarDate("2026-11-24")!,
                to: CalendarDate("2026-11-24")!, hours: [20], perDay: 2000, hasPlan: plan)
        }
        policy.notices = [notice(plan: false)]
        var capped = Gate(rules: GateRules(policy: policy, sets: []))
        #expect(passed(&capped, 3000, at: Self.evening) == 1000)
        policy.notices = [notice(plan: true)]
        var planned = Gate(rules: GateRules(policy: policy, sets: []))
        #expect(passed(&planned, 5000, at: Self.evening) == 3000)
        #expect(passed(&planned, 5, at: Timestamp("2026-11-24T21:00:00")!) == 0)
    }

    @Test("an exempt system, or one in an emergency, is told of and never refused by volumes")
    func exempt() {
        var policy = Sample.policy(perDay: 1)
        policy.isExempt = true
        var exempt = Gate(rules: GateRules(policy: policy, sets: []))
        #expect(passed(&exempt, 10, at: Sample.noon) == 10)
        policy.isExempt = false
        policy.emergencyUntil = Self.evening
        var emergency = Gate(rules: GateRules(policy: policy, sets: []))
        #expect(passed(&emergency, 10, at: Sample.noon) == 10)
        #expect(passed(&emergency, 1, at: Self.evening) == 1, "the day of an emergency stays soft")
        #expect(passed(&emergency, 9, at: Timestamp("2026-11-25T08:00:00")!) == 2)
    }

    @Test("too fast is throttled with Retry-After, then challenged, then denied; no lock")
    func rates() {
        let rates = RateSetting(
            account: Rate(limit: 5, periodMilliseconds: 60_000), challengeAt: 3, denyAt: 5)
        let policy = Sample.policy(
            perDay: 1000, rules: ["R9": RuleSetting(effect: .refuse, rates: rates)])
        var gate = Gate(rules: GateRules(policy: policy, sets: []))
        let verdicts = (0..<11).map { _ in
            gate.decide(Sample.query()).refusal?.verdict ?? .allow
        }
        #expect(
            verdicts == [
                .allow, .allow, .allow, .allow, .allow, .throttle, .throttle, .challenge,
                .challenge, .deny, .deny,
            ])
        #expect(gate.decide(Sample.query()).refusal?.retryAfterSeconds == 12)
        let later = Sample.noon.advanced(byMilliseconds: 12_000)
        #expect(gate.decide(Sample.query(at: later)).refusal == nil)
        #expect(gate.decide(Sample.query(at: later)).refusal?.verdict == .throttle)
    }

    @Test("a source address is limited only where client addresses are trusted")
    func sources() {
        let rates = RateSetting(source: Rate(limit: 2, periodMilliseconds: 60_000))
        let policy = Sample.policy(
            perDay: 1000, rules: ["R9": RuleSetting(effect: .throttle, rates: rates)])
        let rules = GateRules(policy: policy, sets: [])
        var trusting = Gate(rules: rules, trustsSources: true)
        #expect(passed(&trusting, 5, at: Sample.noon) == 2)
        var shared = Gate(rules: rules)
        #expect(passed(&shared, 5, at: Sample.noon) == 5)
    }

    @Test("another officer than the registered one is noted, and passes")
    func officer() {
        var policy = Sample.policy(perDay: 100)
        let key = [UInt8](repeating: 9, count: 32)
        let own = officerHash("000000000001", key: key)
        policy.accounts = [
            .init(login: Login("canbo1")!, perDay: 100, kind: .person, officers: [own])
        ]
        var gate = Gate(rules: GateRules(policy: policy, sets: []))
        var query = Sample.query()
        query.officer = own
        #expect(gate.decide(query).noted.isEmpty)
        query.officer = officerHash("000000000002", key: key)
        let decision = gate.decide(query)
        #expect(decision.refusal == nil && decision.noted == [.r10])
    }
}

@Suite("Tallies") struct TalliesTests {
    @Test("a clock that steps back over 07:00 and forward again forgets nothing")
    func steps() {
        var gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 5), sets: []))
        let morning = Timestamp("2026-11-24T07:00:30")!
        for _ in 0..<9 { _ = gate.decide(Sample.query(at: morning)) }
        #expect(gate.decide(Sample.query(at: Timestamp("2026-11-24T06:59:50")!)).refusal == nil)
        let decisions = (0..<3).map { _ in gate.decide(Sample.query(at: morning)).refusal == nil }
        #expect(decisions == [true, false, false])
    }

    @Test("what the other agents of the system used is added, and replaced by what is told next")
    func others() {
        let rules = GateRules(policy: Sample.policy(), sets: [])
        var gate = Gate(rules: rules)
        let id = Quota.ID(.r2, .service(Sample.service), CalendarDate("2026-11-24")!)
        for _ in 0..<3 { _ = gate.decide(Sample.query()) }
        gate.adoptOthers([id: 10])
        #expect(gate.count(id) == 13)
        gate.adoptOthers([id: 12])
        #expect(gate.count(id) == 15)
    }

    @Test("counts stay with their names when other rules put the names elsewhere")
    func moved() {
        var policy = Sample.policy(mode: .observe)
        let day = CalendarDate("2026-11-24")!
        func id(_ login: String) -> Quota.ID { Quota.ID(.r1, .account(Login(login)!), day) }
        var gate = Gate(rules: GateRules(policy: policy, sets: []))
        for login in ["canbo1", "canbo1", "canbo2"] { _ = gate.decide(Sample.query(login)) }
        policy.accounts = ["canbo3", "canbo2", "canbo1"].map {
            .init(login: Login($0)!, perDay: 3, kind: .person)
        }
        gate.adopt(GateRules(policy: policy, sets: []))
        #expect([id("canbo1"), id("canbo2"), id("canbo3")].map(gate.count) == [2, 1, 0])
        policy.accounts = [policy.accounts[1]]
        gate.adopt(GateRules(policy: policy, sets: []))
        for login in ["canbo1", "canbo2"] { _ = gate.decide(Sample.query(login)) }
        #expect([id("canbo1"), id("canbo2"), id("canbo3")].map(gate.count) == [3, 2, 0])
        #expect(gate.count(Quota.ID(.r2, .service(Sample.service), day)) == 5)
    }
}
