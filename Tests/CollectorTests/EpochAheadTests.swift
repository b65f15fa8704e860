import Domain
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

@Suite("An agent that says which epoch it is at") struct EpochAheadTests {
    private func ask(_ rig: SenderRig, _ epoch: Int64) throws -> Int64? {
        try rig.server.store.write { records in
            try AgentAPI(
                intake: rig.server.intake, authenticator: rig.server.authenticator,
                keys: rig.server.keys
            ).newEpoch(
                EpochRequest(epoch: epoch, lastSeq: 0, lastHash: ""), rig.rogue.id, records,
                at: rig.now)?.epoch
        }
    }

    @Test(
        "one that it cannot have been given is refused, and nothing changes",
        arguments: [
            1 << 20, 1 << 40, Int64.max, 200,
        ])
    func liar(epoch: Int64) throws {
        try SenderRig.run { (rig: SenderRig) throws in
            rig.time.pass(60_000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
            let before = try rig.record(rig.rogue)
            let error = #expect(throws: AgentAPI.EpochAhead.self) { try ask(rig, epoch) }
            #expect(error?.problem.status == 409)
            #expect(error?.problem.detail.contains("\(epoch)") ?? false)
            let after = try rig.record(rig.rogue)
            #expect(after.epoch == before.epoch && after.seq == before.seq)
        }
    }

    @Test(
        "an honest one goes on: its own, an older one, and what a restored collector does not know")
    func honest() throws {
        try SenderRig.run { (rig: SenderRig) throws in
            rig.time.pass(60_000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
            #expect(try ask(rig, 1) == 2)
            #expect(try ask(rig, 0) == 3)
            // Crash after crash at the time of the backup.
            #expect(try ask(rig, 3 + 60) == 64)
            #expect(throws: AgentAPI.EpochAhead.self) { try ask(rig, 64 + 61) }
            // The backup is ten days old: as often as the collector gives.
            rig.time.pass(10 * 86_400_000)
            #expect(try ask(rig, 64 + 10 * 1440) == 64 + 10 * 1440 + 1)
        }
    }
}
