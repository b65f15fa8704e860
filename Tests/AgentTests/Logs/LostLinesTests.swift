import Domain
import Glibc
import Platform
import Testing

@testable import Agent

/// Lines that vanish with their log reach the summary of the interval, also after a crash: coverage must not claim them.
@Suite("Lines of a log that are lost") struct LostLinesTests {
    typealias Run = FollowedCountingTests.Run

    private func begin(_ log: Following) throws -> Run {
        try Files.makeFolder("\(log.scratch.path)/nginx")
        log.append("before the agent's time\n")
        let run = try Run(log)
        try run.logs.count(into: run.checkpoint)
        log.append(LogCountingTests.line("canbo1"))
        try run.logs.count(into: run.checkpoint)
        return run
    }

    private func cut(_ run: Run) throws -> [String: Int64] {
        try run.checkpoint.seal(at: Sample.noon.advanced(byMilliseconds: 1000)).sealed.file.losses
    }

    @Test(
        "a log that is gone after a restart: told once, kept through a crash, and the downtime explains nothing"
    )
    func gone() throws {
        let log = try Following()
        var run = try begin(log)
        log.append(LogCountingTests.line("lost"))
        Files.remove("\(log.scratch.path)/npd.log")
        log.append(LogCountingTests.line("canbo2"))
        run = try Run(log)
        let before = Sample.noon.advanced(byMilliseconds: -60_000)
        run.checkpoint.declareDowntime(.init(from: before, to: Sample.noon, outcome: .refused))
        try run.logs.count(into: run.checkpoint)
        try run.logs.count(into: run.checkpoint)
        #expect(run.checkpoint.totals.allowed == 1)
        // Killed, and begun anew.
        let again = try Run(log)
        try again.logs.count(into: again.checkpoint)
        #expect(again.left.map(\.file.losses).contains(["log_gone": 1]))
        #expect(try cut(again) == [:])
        let downtime = try run.checkpoint.seal(at: Sample.noon).downtime
        #expect(downtime?.outcome == .unknown)
    }

    @Test("truncated without a copy; told before what was written since is counted")
    func truncated() throws {
        let log = try Following()
        let run = try begin(log)
        for round in 1...3 {
            log.append(LogCountingTests.line("lost"))
            truncate(log.path, 0)
            log.append(LogCountingTests.line("c"))
            try run.logs.count(into: run.checkpoint)
            #expect(try cut(run) == ["log_truncated": 1], "round \(round)")
            log.append(LogCountingTests.line("canbo1"))
            try run.logs.count(into: run.checkpoint)
            #expect(try cut(run) == [:])
        }
    }

    @Test("rotated twice, the one between compressed")
    func compressed() throws {
        let log = try Following()
        let run = try begin(log)
        log.move("npd.log", "npd.log.2")
        try Files.writeAtomically("\(log.scratch.path)/npd.log.1.gz", "x")
        log.append(LogCountingTests.line("canbo2"))
        for _ in 0..<3 {
            log.now += LogFollower.quietMilliseconds + 1
            try run.logs.count(into: run.checkpoint)
        }
        #expect(try cut(run) == ["log_unread": 1])
        #expect(run.checkpoint.totals.allowed == 2)
    }

    @Test("a log that cannot be read is away in every interval, told once each")
    func away() throws {
        let log = try Following()
        _ = try begin(log)
        Files.remove("\(log.scratch.path)/npd.log")
        try Files.makeFolder("\(log.scratch.path)/npd.log")
        let run = try Run(log)
        for _ in 0..<3 {
            for _ in 0..<3 { try run.logs.count(into: run.checkpoint) }
            #expect(try cut(run) == ["log_away": 1])
        }
        #expect(run.logs.status[0].state == .trouble)
    }
}
