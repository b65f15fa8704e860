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
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("A lock set is never larger than agents take") struct LockSetSizeTests {
    /// A lock whose sentence leaves room for so many bytes in its system's set.
    private func fill(_ rig: SenderRig, room: Int) throws -> LockRecord {
        let system = rig.rogue.id.system
        return try rig.server.store.write { records in
            let book = rig.server.locks.book(records, at: .now)
            func size(_ bytes: Int) throws -> Int {
                try records.db.run(
                    "UPDATE lock SET vi = ?", .text(String(repeating: "x", count: bytes)))
                try book.publish([.system(system)])
                return try records.lockSet(.system(system))?.jws.utf8.count ?? 0
            }
            let lock = try book.issue(
                .init(
                    scope: .account(Login(unchecked: "dai"), system), reason: "staff", note: "x",
                    issuedBy: "x"))
            let text = (Limits.lockSetBytesMax - room - (try size(0))) / 4 * 3
            #expect((room - 8...room + 8).contains(Limits.lockSetBytesMax - (try size(text))))
            return lock
        }
    }

    private func ask(
        _ rig: SenderRig, _ command: String, _ arguments: [String], _ options: [String: [String]]
    )
        -> AdminRequest
    {
        AdminRequest(
            command: command, options: options, flags: ["indefinite"], arguments: arguments,
            files: [])
    }

    @Test(
        "staff who lock, approve or replace are told, nothing is changed, and a release is the way out"
    )
    func staff() throws {
        try SenderRig.run { rig in
            let staff = StaffCommands(desk: rig.server.desk, who: "test")
            let narrow = try rig.server.store.write {
                try rig.server.locks.book($0, at: .now).issue(
                    .init(
                        scope: .account(Login(unchecked: "canbo2"), rig.honest.id.system),
                        reason: "staff", note: "x", issuedBy: "x"))
            }
            let proposal = try rig.server.store.write {
                try rig.server.locks.book($0, at: .now).propose(
                    .init(
                        scope: .account(Login(unchecked: "canbo1"), rig.rogue.id.system),
                        reason: "R4", note: "x", issuedBy: "R4"))
            }
            let full = try fill(rig, room: 100)
            let before = try rig.server.store.read {
                try $0.lockSet(.system(rig.rogue.id.system))?.counter
            }
            let scope = ["scope": ["account=canbo1@H26.mot"], "reason": ["x"]]
            let asked: [(String, () throws -> AdminAnswer)] = [
                ("add", { try staff.lockAdd(ask(rig, "lock add", [], scope)) }),
                (
                    "approve",
                    { try staff.lockApprove(ask(rig, "lock approve", [proposal.id], [:])) }
                ),
                (
                    "replace",
                    { try staff.lockReplace(ask(rig, "lock replace", [narrow.id], scope)) }
                ),
            ]
            for (name, command) in asked {
                let failure = #expect(throws: CommandFailure.self) { _ = try command() }
                #expect(
                    failure?.description.contains("\(Limits.lockSetBytesMax) at most") == true,
                    "\(name)")
                #expect(failure?.vietnamese.contains("mở bớt lệnh khóa") == true, "\(name)")
            }
            #expect(try rig.lock(again: proposal).state == .proposed)
            #expect(try rig.lock(again: narrow).state == .active)
            #expect(
                try rig.server.store.read { try $0.lockSet(.system(rig.rogue.id.system))?.counter }
                    == before)
            _ = try staff.lockRelease(ask(rig, "lock release", [full.id], ["reason": ["x"]]))
            _ = try staff.lockApprove(ask(rig, "lock approve", [proposal.id], [:]))
            #expect(try rig.lock(again: proposal).state == .active)
        }
    }

    @Test("a rule's lock that finds no room waits for staff, and an alert says so")
    func automatic() throws {
        try SenderRig.run { rig in
            _ = try fill(rig, room: 100)
            rig.time.pass(60_000)
            #expect(
                try rig.push(rig.rogue, try rig.summary(rig.rogue, [rig.row(1_000_000)])).status
                    == .accepted)
            let made = try #require(
                try rig.server.store.read { try $0.locks() }.first { $0.reason == "R1" })
            #expect(made.state == .proposed)
            let alert = try #require(
                try rig.server.store.read { try $0.alerts() }.first {
                    $0.kind == "lockset_proposed"
                })
            #expect(alert.severity == .critical)
            #expect(alert.message.en.contains(made.id) && alert.message.vi.contains(made.id))
            #expect(!alert.message.en.contains("{") && !alert.message.vi.contains("{"))
            // Once.
            rig.time.pass(60_000)
            try rig.push(rig.rogue, try rig.summary(rig.rogue, [rig.row(1_000_000)]))
            let all = try rig.server.store.read { try $0.locks() }.filter { $0.reason == "R1" }
            #expect(all.map(\.id) == [made.id])
        }
    }

    @Test("a set that grows too large by itself is not signed, and an alert says so")
    func grown() throws {
        try SenderRig.run { rig in
            let full = try fill(rig, room: 100)
            let system = rig.rogue.id.system
            let before = try rig.server.store.read { try $0.lockSet(.system(system))?.counter }
            try rig.server.store.write { records in
                try records.db.run(
                    "UPDATE lock SET en = ?", .text(String(repeating: "y", count: 1000)))
                try rig.server.locks.book(records, at: .now).publish([.system(system)])
            }
            #expect(
                try rig.server.store.read { try $0.lockSet(.system(system))?.counter } == before)
            let alert = try #require(
                try rig.server.store.read { try $0.alerts() }.first { $0.kind == "lockset_size" })
            #expect(!alert.message.en.contains("{") && !alert.message.vi.contains("{"))
            // What makes it smaller is never refused.
            try rig.server.store.write { records in
                try rig.server.locks.book(records, at: .now).release(
                    full, by: "x", note: "x", outcome: nil)
            }
            #expect(
                try rig.server.store.read { try $0.lockSet(.system(system))?.counter }
                    == before.map { $0 + 1 })
        }
    }
}
