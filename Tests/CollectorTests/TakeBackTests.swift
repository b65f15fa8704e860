import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("Locks taken back after a restore") struct TakeBackTests {
    /// A collector that is lost, and the same one restored from a backup of before its locks.
    struct Story {
        let lost: Nation
        let restored: Nation

        init() throws {
            lost = try Nation()
            restored = try Nation()
            for nation in [lost, restored] {
                let two =
                    "system,login,full_name,cccd,per_day\n"
                    + "H10.mot,canbo2,NGUYENVANMAU,000000000099,5\nH11.mot,canbo2,NGUYENVANMAU,000000000099,5\n"
                _ = try RegistryImport(records: nation.records, replaces: false).run(
                    .accounts, file: "accounts.csv", text: two)
                try nation.book.publish(Set((0..<3).map { .system(nation.system($0)) }))
            }
            _ = try restored.records.beginGeneration(9)
        }

        /// What an agent of a system holds of the lost collector's.
        func set(_ index: Int) throws -> LockSet {
            let jws = try #require(
                try lost.records.lockSet(.system(lost.system(index)))?.jws)
            return try decodeJSON(LockSet.self, try JWS.parse(jws.utf8).payload)
        }

        @discardableResult
        func tell(_ index: Int) throws -> TakeBack.Outcome? {
            try TakeBack(records: restored.records, book: restored.book, now: restored.now).take(
                try set(index), .system(restored.system(index)))
        }

        func active() throws -> [LockRecord] { try restored.records.locks(state: .active) }
    }

    private func staff(_ scope: Scope) -> LockBook.Order {
        .init(scope: scope, reason: "staff", note: "x", issuedBy: "trực ban")
    }

    @Test("a number that was given again is no reason to forget a lock")
    func numberGivenAgain() throws {
        let story = try Story()
        let lock = try story.lost.book.issue(staff(story.lost.account(0)))
        var later = story.restored
        later.now = later.now.advanced(byMilliseconds: 5000)
        let other = try later.book.issue(staff(later.account(1)))
        #expect(lock.id == other.id)
        try story.tell(0)
        let active = try story.active()
        #expect(Set(active.map(\.scope)) == [story.lost.account(0), story.lost.account(1)])
        #expect(Set(active.map(\.id)).count == 2)
        // Told once more under a new version, it is one lock still.
        try story.lost.book.publish([.system(story.lost.system(0))])
        #expect(try story.tell(0)?.taken == [])
        #expect(try story.active().count == 2)
    }

    @Test("a proposal with the number of a lock is approved by nobody")
    func numberOfAProposal() throws {
        let story = try Story()
        let lock = try story.lost.book.issue(staff(story.lost.account(0)))
        var later = story.restored
        later.now = later.now.advanced(byMilliseconds: 5000)
        let proposal = try later.book.propose(staff(later.account(1)))
        #expect(lock.id == proposal.id)
        try story.tell(0)
        #expect(try story.restored.records.lock(proposal.id)?.state == .proposed)
        #expect(try story.active().map(\.scope) == [story.lost.account(0)])
    }

    @Test("a person's lock is taken back at each system, and ends where it was released")
    func person() throws {
        let story = try Story()
        let account = Login("canbo2")!
        let person = try #require(
            try story.lost.records.account(account, story.lost.system(0))?.person)
        let lock = try story.lost.book.issue(staff(.person(person)))
        try story.tell(0)
        try story.tell(1)
        let scopes: Set<Scope> = [
            .account(account, story.lost.system(0)), .account(account, story.lost.system(1)),
        ]
        #expect(Set(try story.active().map(\.scope)) == scopes)
        var later = story.lost
        later.now = later.now.advanced(byMilliseconds: 60_000)
        try later.book.release(lock, by: "trực ban", note: "x", outcome: nil)
        #expect(try story.tell(1)?.ended.count == 1)
        #expect(try story.active().map(\.scope) == [.account(account, story.lost.system(0))])
    }

    @Test("what was narrowed to one account is not widened to the person")
    func narrowed() throws {
        let story = try Story()
        let scope = Scope.account(Login("canbo2")!, story.lost.system(0))
        var order = staff(scope)
        order.reason = "X1"
        try story.lost.book.issue(order)
        try story.tell(0)
        #expect(try story.active().map(\.scope) == [scope])
    }

    @Test("the breach comes back as it was, and is not judged by counts that are still to come")
    func breach() throws {
        let story = try Story()
        let system = Scope.system(story.lost.system(0))
        try story.lost.book.issue(
            .init(
                scope: system, reason: "R3", note: "", issuedBy: "R3", key: "2026-11-24/off", k: 1))
        try story.tell(0)
        let lock = try #require(try story.active().first)
        #expect(lock.key == "2026-11-24/off" && lock.k == 1)
        let systems = try story.restored.records.systems()
        #expect(try story.restored.book.rejudge(systems, outcome: "mistaken").isEmpty)
        #expect(try story.active().count == 1)
    }

    @Test("numbers of after the backup are left out")
    func numbers() throws {
        let story = try Story()
        try story.restored.records.skipLockNumbers(1000)
        #expect(try story.restored.book.issue(staff(story.lost.account(0))).number == 1001)
    }
}
