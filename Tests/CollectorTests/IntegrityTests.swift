import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorDelivery
@testable import CollectorDetection
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Integrity") struct IntegrityTests {
    private func agent(_ nation: Nation) throws -> AgentRecord {
        let key = try Ed25519PrivateKey.generate()
        return try #require(
            try nation.records.enrol(
                JWK(key.publicKey), token: "t", system: nation.system(0), host: "x", at: nation.now)
        )
    }

    private func told(_ nation: Nation) throws -> Int64 {
        try nation.records.lastNotification()
    }

    @Test("what happens again after it was resolved is told again; what is still open is not")
    func reopened() throws {
        let nation = try Nation()
        let agent = try agent(nation)
        func find(after minutes: Int64) throws {
            let now = nation.now.advanced(byMilliseconds: minutes * 60_000)
            try Integrity(records: nation.records, now: now).found(
                "fork", .alertI1Fork, agent, number: SummaryNumber(epoch: 1, seq: 5))
        }
        try find(after: 0)
        let first = try told(nation)
        try find(after: 1)
        #expect(try told(nation) == first)
        let alert = try #require(try nation.records.alerts().first)
        #expect(try nation.records.resolveAlert(alert.id, at: .now))
        try find(after: 2)
        #expect(try told(nation) == first + 1)
        #expect(try nation.records.alerts().first?.state == "open")
    }

    @Test("a fork of a former epoch cites the summary of that epoch")
    func formerEpoch() throws {
        let nation = try Nation()
        var agent = try agent(nation)
        agent.epoch = 3
        try Integrity(records: nation.records, now: nation.now).found(
            "fork", .alertI1Fork, agent, number: SummaryNumber(epoch: 2, seq: 5))
        let evidence = try #require(try nation.records.alerts().first?.evidence)
        let cited = try decodeJSON([EvidenceReference].self, try encodeJSON(evidence))
        #expect(cited == [EvidenceReference(agent: agent.id, epoch: 2, seq: 5)])
    }

    @Test(
        "an alert of a day cites every summary it was found at; a line that nobody signed cites none"
    )
    func citations() throws {
        let nation = try Nation()
        let agent = try agent(nation)
        let integrity = Integrity(records: nation.records, now: nation.now)
        for seq in [3, 5, 3] as [Int64] {
            try integrity.found(
                "fork", .alertI1Fork, agent, number: SummaryNumber(epoch: 1, seq: seq))
        }
        try integrity.found("line", .alertI1Line, agent, ["problem": .same("malformed")])
        let alerts = try nation.records.alerts()
        #expect(alerts.count == 2)
        let cited = try alerts.map {
            try decodeJSON([EvidenceReference].self, try encodeJSON($0.evidence)).map(\.seq)
        }
        #expect(Set(cited) == [[3, 5], []])
    }

    @Test("each bypass of a day is an alert of its own")
    func bypasses() throws {
        let nation = try Nation()
        let agent = try agent(nation)
        for from in [nation.now, nation.now.advanced(byMilliseconds: 3_600_000)] {
            try Integrity(records: nation.records, now: nation.now).found(
                "bypass", .alertBypass, agent, apart: " \(from)")
        }
        #expect(try nation.records.alerts().count == 2)
    }

    @Test("sums end at what 64 bits hold")
    func sums() {
        #expect(Int64.max.adding(1) == .max && Int64.min.adding(-1) == .min)
        #expect(Int64(5).adding(-7) == -2)
        #expect(
            QueryCounts(allowed: .min, denied: 0, passed: 0)
                - QueryCounts(allowed: 1, denied: 0, passed: 0)
                == QueryCounts(allowed: .min, denied: 0, passed: 0))
    }

    @Test("a summary of more than an honest agent counts is not plausible, row by row or in all")
    func absurd() {
        func summary(_ allowed: [Int64]) -> Summary {
            let hour = Timestamp("2026-11-24T09:00:00+07:00")!
            return Summary(
                agent: AgentID(unchecked: "H10.mot/1"), system: SystemCode(unchecked: "H10.mot"),
                epoch: 1, seq: 1, part: .init(n: 1, of: 1), prev: "", from: hour, to: hour,
                everyMilliseconds: 60_000, clockOffsetMilliseconds: nil, held: .init(),
                downtime: nil, dropped: [:], refusedSets: [:], breaches: [],
                rows: allowed.enumerated().map {
                    SummaryRow(
                        login: Login(unchecked: "canbo\($0.offset)"),
                        service: ServiceName(unchecked: "Tra"), hour: hour, window: .office,
                        allowed: $0.element)
                })
        }
        let most = Summary.counts.upperBound
        #expect(summary([most]).isPlausible && !summary([most + 1]).isPlausible)
        #expect(!summary([most, 1]).isPlausible)
    }

    @Test("a push that was signed before does not lower what an agent is known to hold")
    func holdings() {
        func held(_ counter: Int64) -> HeldVersion {
            HeldVersion(
                version: Version(generation: 1, counter: counter), digest: JWS.digest("\(counter)"))
        }
        let known = Delivery.Holding(nation: held(2), system: nil, policy: nil, at: 0)
        let earlier = Delivery.Holding(nation: held(1), system: held(1), policy: nil, at: 0)
        let both = earlier.atLeast(known)
        #expect(both.nation == held(2) && both.system == held(1))
        #expect(known.atLeast(nil).nation == held(2))
    }
}
