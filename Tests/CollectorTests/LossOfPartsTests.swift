import Domain
import Testing
import Wire
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// What is missing of a seal that comes in parts stays missing when its last part comes.
@Suite("Losses of a seal in parts") struct LossOfPartsTests {
    @Test(
        "what a part tells as lost is missing, in whatever order the parts come and whichever tells it",
        arguments: [([1, 2], 1), ([1, 2], 2), ([2, 1], 1), ([2, 1], 2), ([3, 1, 2], 1)])
    func lost(_ order: [Int], _ teller: Int) throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let (start, end) = (try rig.record(rig.honest).coveredTo, rig.now)
            for n in order {
                var part = try rig.summary(rig.honest, [rig.row(3)])
                (part.from, part.to, part.part) = (start, end, .init(n: n, of: order.count))
                if n == teller { part.dropped = ["torn": 1] }
                #expect(try rig.push(rig.honest, part).status == .accepted)
            }
            #expect(try rig.gaps(rig.honest) == [start..<end])
            #expect(try rig.allowed(rig.honest) == Int64(3 * order.count))
        }
    }

    @Test("a seal that is completed late is whole, where nothing of it was told as lost")
    func completed() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let (start, end) = (try rig.record(rig.honest).coveredTo, rig.now)
            for n in [3, 1, 2] {
                var part = try rig.summary(rig.honest)
                (part.from, part.to, part.part) = (start, end, .init(n: n, of: 3))
                #expect(try rig.push(rig.honest, part).status == .accepted)
                #expect(try rig.gaps(rig.honest).isEmpty == (n == 2))
            }
        }
    }

    @Test("a downtime that the first part tells late explains no time that was told and kept apart")
    func explained() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let covered = try rig.summary(rig.rogue)
            #expect(try rig.push(rig.rogue, covered).status == .accepted)
            rig.time.pass(60_000)
            var apart = try rig.summary(rig.rogue, [rig.row(9)])
            apart.from = covered.to.advanced(byMilliseconds: -30_000)
            #expect(try rig.push(rig.rogue, apart).problem == "quarantined")
            let start = rig.now
            rig.time.pass(60_000)
            for n in [2, 1] {
                var part = try rig.summary(rig.rogue)
                (part.from, part.part) = (start, .init(n: n, of: 2))
                part.downtime =
                    n == 1 ? .init(from: apart.from, to: start, outcome: .refused) : nil
                #expect(try rig.push(rig.rogue, part).status == .accepted)
            }
            #expect(try rig.gaps(rig.rogue).contains { $0 == apart.from..<start })
        }
    }

    @Test(
        "what was counted whole or in so many parts is not counted again in another number of parts"
    )
    func anew() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let (start, end) = (try rig.record(rig.rogue).coveredTo, rig.now)
            for (n, of, isCounted) in [(1, 1, true), (2, 2, false), (3, 3, false), (2, 3, false)] {
                var part = try rig.summary(rig.rogue, [rig.row(3)])
                (part.from, part.to, part.part) = (start, end, .init(n: n, of: of))
                #expect(try rig.push(rig.rogue, part).problem == (isCounted ? nil : "quarantined"))
            }
            #expect(try rig.allowed(rig.rogue) == 3)
        }
    }
}
