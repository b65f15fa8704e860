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
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("An alert that is found again with each summary") struct ToldAgainTests {
    @Test("writes a few rows, however many summaries it cites; the first 64 are cited and kept")
    func work() throws {
        try SenderRig.run { rig in
            rig.time.pass(600_000)
            var summaries = Int64(0)
            func push(_ count: Int) throws -> Int64 {
                let before = rig.rows
                for _ in 0..<count {
                    rig.time.pass(1000)
                    var summary = try rig.summary(rig.rogue)
                    summary.from = rig.now
                    (summary.dropped, summary.refusedSets) = (["torn": 1, "refused": 1], ["x": 1])
                    #expect(try rig.push(rig.rogue, summary).status == .accepted)
                    summaries += 1
                }
                return (rig.rows - before) / Int64(count)
            }
            let first = try push(20)
            _ = try push(60)
            #expect(try push(20) <= first)
            #expect(first <= 20)
            let alert = try #require(
                try rig.server.store.read { try $0.alerts() }.first {
                    $0.message.en.contains("lock set") || $0.rule == "I1"
                })
            guard case .array(let cited) = alert.evidence else {
                Issue.record("no evidence")
                return
            }
            #expect(cited.count == Records.citationsMax)
            let pinned = try rig.server.store.read {
                try $0.db.first("SELECT COUNT(*) FROM pin") { $0.integer(0) }
            }
            #expect(pinned == Int64(Records.citationsMax))
        }
    }

    @Test("what may be told of a summary is part of what it costs")
    func charged() throws {
        try SenderRig.run { rig in
            rig.time.pass(600_000)
            let plain = try rig.chain(rig.rogue, (0..<1000).map { _ in [] })
            let record = try rig.record(rig.rogue)
            func taken(_ lines: [String]) -> Int {
                let items = Intake.read([UInt8](lines.joined(separator: "\n").utf8), from: record)
                return IntakeWork.count(items, room: IntakeWork.rowsMax).items
            }
            #expect(taken(plain) > 700)
            var told = try rig.summary(rig.rogue)
            (told.dropped, told.refusedSets) = (["torn": 1, "refused": 1], ["x": 1])
            told.bypass = .init(from: rig.now, until: rig.now, reason: "x", by: "y")
            let loud = try JWS.sign(told, typ: Summary.typ, with: rig.rogue.key)
            #expect(taken([String](repeating: loud, count: 1000)) < 100)
            // Each begins later than the one before ends.
            told = try rig.summary(rig.rogue)
            let gaps = try (0..<1000).map { second in
                told.from = rig.now.advanced(byMilliseconds: Int64(second) * 1000)
                told.to = told.from
                return try JWS.sign(told, typ: Summary.typ, with: rig.rogue.key)
            }
            #expect(taken(gaps) < 250)
        }
    }
}
