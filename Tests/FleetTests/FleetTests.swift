import Domain
import Platform
import Testing
import Wire

@testable import Fleet

@Suite("The simulated nation") struct FleetTests {
    let start = Timestamp("2026-11-24T08:59:30+07:00")!

    private func agent() throws -> FleetAgent {
        let key = try Ed25519PrivateKey.generate()
        return try FleetAgent(
            .init(
                id: AgentID(unchecked: "H26.sim0/1"), system: SystemCode(unchecked: "H26.sim0"),
                seed: Base64URL.encode(key.seed), epoch: 1, at: start), number: 3)
    }

    private let text = SummaryText(rows: 5, accounts: 10, everyMilliseconds: 60_000)

    @Test("time is cut at clock hours, and what waits unnumbered grows")
    func sealing() throws {
        let agent = try agent()
        agent.seal(to: start.advanced(byMilliseconds: 10_000))
        agent.seal(to: start.advanced(byMilliseconds: 90_000))
        #expect(agent.unsent.count == 2)
        #expect(agent.unsent[0].to == agent.unsent[1].from)
        #expect(agent.unsent[1].from == agent.unsent[1].from.hourStart)
        #expect(agent.at == start.advanced(byMilliseconds: 90_000))
    }

    @Test("a summary is plausible, signed, and the same whenever it is made")
    func summaries() throws {
        let agent = try agent()
        agent.seal(to: start.advanced(byMilliseconds: 10_000))
        let interval = try #require(try agent.nextLines(text, countMax: 16).first)
        let line = try agent.line(interval, text)
        #expect(try agent.line(interval, text) == line)
        #expect(try agent.line(interval, text, fork: true) != line)
        let payload = try JWS.parse(line.utf8).verified(
            by: agent.key.publicKey, typ: Summary.typ)
        let summary = try decodeJSON(Summary.self, payload)
        #expect(summary.isPlausible && summary.seq == 1 && summary.prev.isEmpty)
        #expect(summary.rows.reduce(0) { $0 + $1.allowed } == text.total(interval, 3))
    }

    @Test("what a restored collector lost is sent again, or numbered anew in a new epoch")
    func again() throws {
        let agent = try agent()
        for step in 1...4 {
            agent.sealApart(to: start.advanced(byMilliseconds: Int64(step) * 1000))
        }
        for interval in try agent.nextLines(text, countMax: 16) { agent.acknowledge(interval) }
        #expect(agent.isIdle && agent.kept.count == 4)
        #expect(agent.sendAgain(from: 9) == nil, "it never had number 9")
        #expect(agent.sendAgain(from: 3)?.map(\.seq) == [3, 4])
        #expect(agent.waiting.map(\.seq) == [3, 4] && agent.kept.map(\.seq) == [1, 2])

        let lost = agent.begin(epoch: 5, last: SummaryNumber(epoch: 1, seq: 1))
        #expect(lost.map(\.seq) == [2])
        let anew = try agent.nextLines(text, countMax: 16)
        #expect(anew.map(\.seq) == [1, 2, 3] && anew.allSatisfy { $0.epoch == 5 })
        #expect(anew.map(\.from) == anew.map(\.from).sorted())
    }

    @Test("totals tell where they differ") func totals() {
        let (system, hour) = (SystemCode(unchecked: "H26.sim0"), start.hourStart)
        var ours = Totals()
        var theirs = Totals()
        ours.add(5, system, hour)
        theirs.add(3, system, hour)
        theirs.add(2, system, hour)
        #expect(ours.differences(from: theirs).isEmpty)
        theirs.add(1, system, hour)
        let differences = ours.differences(from: theirs)
        #expect(differences.count == 1 && differences[0].ours == 5 && differences[0].theirs == 6)
    }

    @Test("latencies by percent, and the largest of all") func latencies() {
        var latencies = Latencies()
        #expect(latencies.percentile(99) == 0)
        for value in 1...100 { latencies.add(Int64(value)) }
        #expect(latencies.percentile(50) == 51 && latencies.percentile(99) == 100)
        #expect(latencies.most == 100 && latencies.count == 100)
    }

    @Test("what is due is taken once, what is not yet stays") func wheel() {
        var wheel = Wheel(now: 0)
        wheel.add(.push, of: 1, at: 100)
        wheel.add(.seal, of: 2, at: 5000)
        wheel.add(.wait, of: 3, at: -50)
        #expect(wheel.take(now: 0).map(\.agent) == [3])
        #expect(wheel.take(now: 120).map(\.agent) == [1])
        #expect(wheel.take(now: 4900).isEmpty)
        #expect(wheel.take(now: 5100).map(\.agent) == [2])
    }
}
