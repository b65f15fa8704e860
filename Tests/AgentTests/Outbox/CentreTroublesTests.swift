import Domain
import Platform
import Testing
import Wire

@testable import Agent

@Suite("What the centre offers and is sent") struct CentreTroublesTests {
    @Test("a trouble stays, with its first time, until it goes well again")
    func stays() {
        let troubles = CentreTroubles()
        troubles.note(.policy, .same("larger than 16777216 bytes"))
        let first = troubles.all.first?.since
        troubles.note(.policy, .same("refused: signature"))
        #expect(troubles.all.map(\.task) == [.policy] && troubles.all.first?.since == first)
        #expect(troubles.all.first?.cause.en == "refused: signature")
        troubles.clear(.policy)
        #expect(troubles.all.isEmpty)
    }

    @Test("a push that is refused as such is told; one that is too early or finds nobody is not")
    func pushes() {
        let troubles = CentreTroubles()
        let problem = HTTPProblem("token-unknown", status: 401, title: "", detail: "")
        for status in [408, 429, 500, 503] {
            troubles.note(ofPush: .status(status, problem, retryAfter: nil))
        }
        troubles.note(ofPush: .transport(.timeout(url: "")))
        #expect(troubles.all.isEmpty)
        troubles.note(ofPush: .status(401, problem, retryAfter: nil))
        #expect(troubles.all.map(\.task) == [.pushes])
        troubles.clearPushes()
        #expect(troubles.all.isEmpty)
    }

    @Test("what the collector keeps and does not count is told until all was counted for a day")
    func uncounted() {
        let troubles = CentreTroubles()
        troubles.note(uncounted: false, at: 0)
        #expect(troubles.all.isEmpty)
        troubles.note(uncounted: true, at: 1000)
        troubles.note(uncounted: false, at: 2000)
        troubles.note(uncounted: true, at: 60_000_000)
        troubles.note(uncounted: false, at: 86_402_000)
        #expect(troubles.all.map(\.task) == [.uncounted])
        troubles.note(uncounted: false, at: 146_400_001)
        #expect(troubles.all.isEmpty)
    }

    @Test("each is told in both languages, and says what to do")
    func sentences() {
        for task in CentreTroubles.Task.allCases {
            #expect(task.sentence.en.contains("tell the centre"))
            #expect(task.sentence.vi.contains("báo Trung tâm"))
        }
    }
}
