import Domain
import Platform
import Testing
import Wire
@testable import CollectorDelivery
@testable import CollectorLocks
@testable import CollectorStore
@testable import CollectorValues

/// Reached without a server: sets are signed in memory, nobody waits on a socket.
@Suite("Delivery") struct DeliveryTests {
    private struct Desk {
        let nation: Nation
        let delivery = Delivery()
        let agent: AgentID

        init() throws {
            nation = try Nation(systems: 2)
            agent = AgentID(system: nation.system(0), number: 1)
            try nation.book.publish([.nation, .system(nation.system(0))])
            try delivery.refresh(nation.records)
        }

        /// What an agent holds that took all it was offered.
        var present: Summary.Held {
            let signed = delivery.signed(nation.system(0))
            return Summary.Held(nation: signed.nation?.held, system: signed.system?.held)
        }

        func lock() throws {
            try nation.book.issue(
                .init(scope: nation.account(0), reason: "test", note: "", issuedBy: "test"))
            try delivery.refresh(nation.records)
        }
    }

    @Test("an agent is given what differs from what it holds, and nothing more")
    func changes() throws {
        let desk = try Desk()
        let all = desk.delivery.changes(desk.agent, .init())
        #expect(all.nation != nil && all.system != nil)
        let none = desk.delivery.changes(desk.agent, desk.present)
        #expect(none.nation == nil && none.system == nil)
        let before = desk.present
        try desk.lock()
        let after = desk.delivery.changes(desk.agent, before)
        #expect(after.nation == nil && after.system != nil)
    }

    @Test("an agent is current once it told the present set, and no longer when a lock is added")
    func current() throws {
        let desk = try Desk()
        #expect(!desk.delivery.isCurrent(desk.agent))
        desk.delivery.note(desk.agent, desk.present)
        #expect(desk.delivery.isCurrent(desk.agent) && desk.delivery.isCurrentNation(desk.agent))
        try desk.lock()
        #expect(!desk.delivery.isCurrent(desk.agent))
    }

    @Test("what was never signed here proves nothing, and is told apart")
    func neverSigned() throws {
        let desk = try Desk()
        let system = desk.nation.system(0)
        #expect(desk.delivery.neverSigned(system, desk.present) == nil)
        let own = try #require(desk.present.system)
        let later = HeldVersion(
            version: Version(
                generation: own.version.generation, counter: own.version.counter + 5),
            digest: own.digest)
        let claimed = Summary.Held(nation: desk.present.nation, system: later)
        #expect(desk.delivery.neverSigned(system, claimed) == later)
        desk.delivery.note(desk.agent, claimed)
        #expect(desk.delivery.holding(desk.agent)?.system == nil)
    }

    @Test("news is handed over once; given back, it keeps what was held before")
    func news() throws {
        let desk = try Desk()
        desk.delivery.note(desk.agent, desk.present)
        let news = desk.delivery.takeNews()
        #expect(news[desk.agent]?.holding.system == desk.present.system)
        #expect(desk.delivery.takeNews().isEmpty)
        desk.delivery.giveBack(news)
        try desk.lock()
        desk.delivery.note(desk.agent, desk.present)
        let again = try #require(desk.delivery.takeNews()[desk.agent])
        #expect(again.holding.system == desk.present.system && again.former == nil)
    }

    @Test("sets never go back: what is read late replaces nothing newer")
    func older() throws {
        let desk = try Desk()
        let before = desk.present
        try desk.lock()
        let present = desk.present
        #expect(before != present)
        try desk.delivery.refresh(desk.nation.records)
        #expect(desk.present == present)
    }
}
