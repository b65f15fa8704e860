import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("A push that fails again and again") struct StuckPushTests {
    @Test("a summary that cannot be stored is set aside after a few tries, and its agent goes on")
    func alone() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
            try rig.breakStorage(of: "canbo9")
            rig.time.pass(60_000)
            let missing = rig.now
            let summary = try rig.summary(rig.rogue, [rig.row(1, login: "canbo9")])
            for _ in 1..<StuckPushes.triesMax {
                #expect(try rig.push(rig.rogue, summary).status == .retry)
            }
            let item = try rig.push(rig.rogue, summary)
            #expect(item.status == .refused && item.problem == "storage")
            #expect(try rig.alerts() == ["stuck"])
            let kept = try rig.server.store.read { try $0.refusedSummaries(rig.rogue.id) }
            #expect(kept.map(\.kind) == ["storage"])
            try rig.newEpoch(rig.rogue)
            rig.time.pass(60_000)
            var next = try rig.summary(rig.rogue, [rig.row(4)])
            next.from = missing
            #expect(try rig.push(rig.rogue, next).status == .accepted)
            #expect(try rig.gaps(rig.rogue).map(\.upperBound) == [missing])
            #expect(try rig.allowed(rig.rogue) == 4)
        }
    }

    /// Rows of so many services, so that a few summaries are more than one transaction takes.
    private func many(_ rig: SenderRig, _ login: String) -> [SummaryRow] {
        (0..<1000).map { number in
            var row = rig.row(0, login: login, denied: ["R1": 1])
            row.service = ServiceName(unchecked: "Tra\(number)")
            return row
        }
    }

    @Test(
        "in a long push that is counted in parts what comes before is counted, what comes after is not looked at, and the one that fails is set aside",
        arguments: [0, 1, 3, 5])
    func split(broken: Int) throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            try rig.breakStorage(of: "canbo9")
            var sent = (0..<6).map { many(rig, $0 == broken ? "canbo9" : "canbo1") }
            var tries = 0
            var problem: String?
            while problem == nil, tries < 2 * StuckPushes.triesMax {
                let lines = try rig.chain(rig.rogue, sent)
                let answer = try #require(try rig.pushThroughQueue(rig.rogue, lines))
                #expect(answer.items.count == lines.count, "each line has its answer")
                let taken = answer.items.prefix { $0.status == .accepted }.count
                #expect(
                    answer.items.dropFirst(taken).allSatisfy {
                        [.retry, .refused, .resync].contains($0.status)
                    })
                // As an agent does: it sends again what was not taken.
                sent.removeFirst(taken)
                problem = answer.items.first { $0.status == .refused }?.problem
                tries += 1
            }
            #expect(problem == "storage")
            #expect(tries <= StuckPushes.triesMax + 1)
            #expect(sent.count == 6 - broken)
            #expect(try rig.alerts().contains("stuck"))
            let seq = try rig.record(rig.rogue).seq
            #expect(seq == Int64(broken))
        }
    }

    @Test(
        "what is known already is no step forward: the agent that sends all of it again is not heard for ever"
    )
    func again() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            try rig.breakStorage(of: "canbo9")
            let lines = try rig.chain(
                rig.rogue, (0..<6).map { many(rig, $0 == 5 ? "canbo9" : "canbo1") })
            var statuses: [PushAnswer.Status?] = []
            for _ in 0...StuckPushes.triesMax {
                statuses.append(try rig.pushThroughQueue(rig.rogue, lines)?.items.last?.status)
            }
            #expect(statuses.contains(.refused))
        }
    }

    @Test("a change that cannot be made, whatever the reason, is nobody else's trouble")
    func others() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let lines = try [rig.rogue, rig.honest].map { agent in
                let jws = try JWS.sign(
                    try rig.summary(agent, [rig.row(1)]), typ: Summary.typ, with: agent.key)
                return Intake.read([UInt8](jws.utf8), from: try rig.record(agent))
            }
            struct Odd: Error {}
            let answers = Answers()
            rig.server.intake.commit(
                [
                    .init(agent: rig.rogue.id, items: lines[0]) { answers.note("rogue", $0) },
                    .init(agent: rig.honest.id, items: lines[1]) { answers.note("honest", $0) },
                ],
                [.init(body: { _ in throw Odd() }, answer: { answers.note("change", $0) })])
            #expect(answers.statuses == ["rogue": 200, "honest": 200, "change": 503])
        }
    }
}
