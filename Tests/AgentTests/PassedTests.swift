import Domain
import Platform
import Testing

@testable import Agent

@Suite("What passed while no agent answered") struct PassedTests {
    private let hex = "0123456789abcdef0123456789abcde"

    private func id(_ digit: Int) -> RequestID { RequestID("\(hex)\(digit)")! }

    private func place(_ line: UInt64) -> Checkpoint.Place {
        .init(log: 7, cursor: .init(device: 1, inode: 2, offset: line, fingerprint: 3))
    }

    private func checkpoint(_ scratch: Scratch) throws -> (Checkpoint, [Ledger.Sealed]) {
        let opened = try Ledger.open(
            folder: "\(scratch.path)/ledger", after: 0, from: Sample.noon)
        let ids = try RequestIDs.open("\(scratch.path)/request-ids")
        ids.settleLast { number, place in
            opened.left.first { $0.number == number }?.file.count(at: place)
        }
        let gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 2), sets: []))
        return (
            Checkpoint(gate: gate, ledger: opened.ledger, wake: WakeEvent(), ids: ids), opened.left
        )
    }

    @Test(
        "a query that was counted before the agent went down is skipped, any other is counted once")
    func once() throws {
        let scratch = try Scratch()
        let (before, _) = try checkpoint(scratch)
        for digit in 0..<5 { _ = before.judge(Sample.query(), id: id(digit)) }
        // Killed: a new run finds the ids. The fifth was refused (2 × 2 pass) and went through all the same.
        let (after, left) = try checkpoint(scratch)
        #expect(left.first?.file.rows().first?.allowed == 4)
        for digit in [3, 4, 8] {
            #expect(after.countPassed(id(digit), at: Sample.noon, place(UInt64(digit))))
        }
        #expect(after.totals.passed == 2)
        #expect(after.cursor(of: 7)?.offset == 8)
        let rows = try after.seal(at: Sample.noon).sealed.file.rows()
        #expect(rows.map(\.passed) == [2] && rows.map(\.login) == [.unknown])
    }

    @Test("an id noted just before the crash, whose query was not counted, is not known")
    func uncounted() throws {
        let scratch = try Scratch()
        let (before, _) = try checkpoint(scratch)
        _ = before.judge(Sample.query(), id: id(1))
        before.state.withLock { state in
            let place = state.ledger.current.place(of: Sample.query(), .office, .allowed)!
            state.ids?.note(
                id(2), allowed: true, ledger: state.ledger.number, place: place,
                before: state.ledger.current.count(at: place)!)
        }
        let (after, _) = try checkpoint(scratch)
        for digit in [1, 2] { #expect(after.countPassed(id(digit), at: Sample.noon, place(1))) }
        #expect(after.totals.passed == 1)
    }

    @Test("a query counted as passed is not counted again when the agent finds it in its socket")
    func late() throws {
        let scratch = try Scratch()
        let (checkpoint, _) = try checkpoint(scratch)
        #expect(checkpoint.countPassed(id(1), at: Sample.noon, place(1)))
        guard case .cannotCount = checkpoint.judge(Sample.query(), id: id(1)) else {
            Issue.record("counted twice")
            return
        }
        #expect(checkpoint.totals.allowed == 0 && checkpoint.totals.passed == 1)
    }

    @Test(
        "a line of a followed log counts as allowed, with what rules and locks would have refused noted"
    )
    func followed() throws {
        let scratch = try Scratch()
        let (checkpoint, _) = try checkpoint(scratch)
        for line in 1...6 {
            #expect(checkpoint.countFollowed(Sample.query(), at: place(UInt64(line))))
        }
        checkpoint.adopt(
            GateRules(
                policy: Sample.policy(perDay: 2), sets: [Sample.lock("system=H26.motcua")]))
        #expect(checkpoint.countFollowed(Sample.query("la"), at: place(7)))
        let totals = checkpoint.totals
        #expect(totals.allowed == 7 && totals.denied.isEmpty)
        #expect(totals.would == [.r1: 2, .lock: 1, .r8Account: 1])
        #expect(checkpoint.cursor(of: 7)?.offset == 7)
    }
}
