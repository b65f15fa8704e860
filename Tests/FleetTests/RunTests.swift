import Domain
import Platform
import Testing
import Wire

@testable import Fleet

@Suite("A run of the simulated nation, and what is said of it") struct RunTests {
    let start = Timestamp("2026-11-24T08:59:30+07:00")!

    private func state(_ beginnings: [Int64]) throws -> FleetState {
        FleetState(
            collector: "C", accounts: 10,
            agents: try beginnings.enumerated().map { number, seconds in
                .init(
                    id: id(number), system: SystemCode(unchecked: "H26.sim0"),
                    seed: Base64URL.encode(try Ed25519PrivateKey.generate().seed), epoch: 1,
                    at: after(seconds))
            }, signing: [])
    }

    private func id(_ number: Int) -> AgentID { AgentID(unchecked: "H26.sim0/\(number + 1)") }

    private func after(_ seconds: Int64) -> Timestamp {
        start.advanced(byMilliseconds: seconds * 1000)
    }

    private func gap(_ number: Int, _ from: Int64, _ to: Int64) -> RunCoverage.Gap {
        .init(agent: id(number), from: after(from), to: after(to))
    }

    @Test("a gap of a former run is not this run's, and one that reaches into it is cut")
    func formerRuns() throws {
        let fleet = try Fleet(try state([0, 10]), FleetSettings())
        let coverage = RunCoverage(fleet.agents, to: after(60))
        #expect(coverage.from == after(0) && coverage.to == after(60))
        #expect(coverage.missing(of: [gap(0, -50, 0), gap(1, -50, 10)]).isEmpty)
        #expect(coverage.missing(of: [gap(1, 0, 15)]) == [gap(1, 10, 15)])
        #expect(coverage.missing(of: [gap(0, 50, 90)]) == [gap(0, 50, 60)])
        #expect(coverage.missing(of: [gap(7, 0, 60)]).isEmpty, "another fleet's agent")
    }

    @Test("where a run began stays, however far it gets") func beginning() throws {
        let fleet = try Fleet(try state([0]), FleetSettings())
        fleet.agents[0].seal(to: after(45))
        #expect(RunCoverage(fleet.agents, to: after(45)).from == after(0))
        let early = RunCoverage(fleet.agents, to: after(-5))
        #expect(early.from == early.to && early.missing(of: [gap(0, -9, 9)]).isEmpty)
    }

    @Test("what is missing is told with its times") func missing() throws {
        let fleet = try Fleet(try state([0, 0]), FleetSettings())
        let coverage = RunCoverage(fleet.agents, to: after(60))
        var report = FleetReport(fleet)
        report.check(coverage, gaps: [gap(0, -9, 0)], fleet)
        #expect(report.isRight && report.text.contains("coverage: all of 2 agents are complete"))
        report.check(coverage, gaps: [gap(1, 20, 30)], fleet)
        #expect(!report.isRight)
        #expect(report.text.contains("WRONG: coverage: 1 of 2 agents are not complete"))
        #expect(report.text.contains("H26.sim0/2 from \(after(20)) to \(after(30))"))
    }

    @Test("all pushes are counted, latencies are those of before the drain") func pushes() throws {
        let fleet = try Fleet(try state([0]), FleetSettings())
        fleet.figures.pushesDraining = 20
        #expect(FleetReport(fleet).text.contains("pushes: 20, 20 of them while draining\n"))
        for _ in 0..<80 { fleet.figures.latencies.add(7) }
        let report = FleetReport(fleet)
        #expect(
            report.text.contains(
                "pushes: 100, 20 of them while draining; before that p50 7 ms, p99 7 ms, max 7 ms"))
        guard case .object(let json) = report.json else {
            Issue.record("\(report.json)")
            return
        }
        #expect(json["pushes"] == .integer(100) && json["pushes_draining"] == .integer(20))
    }

    /// A fleet with something to send to nobody, that gets so many signals once it drains.
    private func drained(stops: Int, milliseconds: Int64) throws -> (fleet: Fleet, took: Int64) {
        var settings = FleetSettings()
        settings.durationMilliseconds = 0
        settings.drainMilliseconds = milliseconds
        settings.api.unixSocketPath = "/nowhere/api.sock"
        var left = stops
        let fleet = try Fleet(try state([0, 0]), settings) {
            left -= 1
            return left >= 0
        }
        let begun = MonotonicClock.milliseconds()
        try Log.$listener.withValue({ _ in }) { _ = try fleet.run() }
        return (fleet, MonotonicClock.milliseconds() - begun)
    }

    @Test("one signal while the rest is sent ends nothing, a second gives up") func signals() throws
    {
        let one = try drained(stops: 1, milliseconds: 300)
        #expect(one.took >= 300 && !one.fleet.figures.isCutShort)
        let two = try drained(stops: 2, milliseconds: 60_000)
        #expect(two.took < 30_000 && two.fleet.figures.isCutShort)
        let report = FleetReport(two.fleet)
        #expect(
            report.text.contains(
                "sending was given up at a signal; 2 agents have summaries that are not acknowledged\n"
            ))
        #expect(!report.isRight && !report.text.contains("was sent"))
        guard case .object(let json) = report.json else {
            Issue.record("\(report.json)")
            return
        }
        #expect(json["cut_short"] == .bool(true) && json["stuck"] == .integer(2))
    }

    @Test("what was counted is said to be sent only where it was") func cutShort() throws {
        let fleet = try Fleet(try state([0]), FleetSettings())
        fleet.figures.isScenarioCut = true
        #expect(
            FleetReport(fleet).text.contains(
                "stopped by a signal; what had been counted by then was sent\n"))
        fleet.agents[0].seal(to: after(45))
        #expect(
            FleetReport(fleet).text.contains(
                "stopped by a signal; 1 agents have summaries that are not acknowledged\n"))
    }
}
