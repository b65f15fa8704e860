import Domain
import Platform
import Testing

@testable import Agent

@Suite("Followed logs and the ledger") struct FollowedCountingTests {
    /// An agent that follows one log of queries and the gateway's own; begun anew as often as it is killed.
    final class Run {
        let checkpoint: Checkpoint
        let logs: FollowedLogs
        let left: [Ledger.Sealed]

        init(_ log: Following) throws {
            let scratch = log.scratch
            let opened = try Ledger.open(
                folder: "\(scratch.path)/ledger", after: 0, from: Sample.noon)
            left = opened.left
            let gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 1000), sets: []))
            checkpoint = Checkpoint(
                gate: gate, ledger: opened.ledger, wake: WakeEvent(),
                ids: try RequestIDs.open("\(scratch.path)/request-ids"))
            let sources = [
                LogSource(
                    path: "\(scratch.path)/npd.log", format: try LogFormat("combined"),
                    account: .account, service: .service),
                try LogSource.passed(state: scratch.path),
            ]
            var cursors: [String: LogCursor] = [:]
            for source in sources {
                cursors[source.path] = checkpoint.cursor(of: source.name).map { LogCursor($0) }
            }
            logs = try FollowedLogs(sources, cursors: cursors) { log.now }
        }
    }

    @Test("each line is counted once through kills, rotation and bad lines", arguments: 0..<8)
    func kills(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let log = try Following()
        try Files.makeFolder("\(log.scratch.path)/nginx")
        log.append("before the agent's time\n")
        var run = try Run(log)
        try run.logs.count(into: run.checkpoint)
        var queries: Int64 = 0
        var passed: Int64 = 0
        for step in 0..<60 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0..<2:
                log.append(LogCountingTests.line("canbo\(step % 3)"))
                queries += 1
            case 2:
                let digits = Digest.hex([UInt8](repeating: UInt8(step), count: 16))
                log.write(digits, to: "nginx/passed.log")
                passed += 1
            case 3: log.append("bad\n")
            case 4:
                for number in (1..<30).reversed() {
                    log.move("npd.log.\(number)", "npd.log.\(number + 1)")
                }
                log.move("npd.log", "npd.log.1")
                log.append(LogCountingTests.line("canbo9"))
                queries += 1
            case 5: run = try Run(log)
            default:
                log.now += 1000
                try run.logs.count(into: run.checkpoint)
            }
        }
        log.append(LogCountingTests.line("last"))
        queries += 1
        run = try Run(log)
        let files = run.left.map(\.file)
        func total() -> (Int64, Int64) {
            let rows = files.flatMap { $0.rows() }
            let now = run.checkpoint.totals
            return (
                rows.map(\.allowed).reduce(0, +) + now.allowed,
                rows.map(\.passed).reduce(0, +) + now.passed
            )
        }
        for _ in 0..<80 where total() != (queries, passed) {
            try run.logs.count(into: run.checkpoint)
            log.now += LogFollower.quietMilliseconds
        }
        #expect(total() == (queries, passed), "seed \(seed)")
        #expect(run.logs.status.map(\.gapsTotal) == [0, 0])
    }
}
