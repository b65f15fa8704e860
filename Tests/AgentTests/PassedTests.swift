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

    @Test(
        "an id whose query was not counted is taken away once, however many starts fail after that")
    func settledOnce() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/request-ids"
        var ids = try RequestIDs.open(path)
        for digit in 1...4 {
            ids.note(id(digit), allowed: true, ledger: 1, place: 4096, before: UInt64(digit))
        }
        for _ in 0..<3 {
            ids = try RequestIDs.open(path)
            // The record holds what it held before the fourth.
            ids.settleLast { _, _ in 4 }
        }
        #expect((1...4).map { ids.fate(of: id($0)) } == [.allowed, .allowed, .allowed, nil])
        ids.note(id(5), allowed: false, ledger: 2, place: 4096, before: 0)
        ids = try RequestIDs.open(path)
        ids.settleLast { _, _ in 1 }
        #expect(ids.fate(of: id(5)) == .refused && ids.fate(of: id(3)) == .allowed)
    }

    @Test("ids of what passed are dropped after 10 minutes, and are bounded")
    func forgotten() {
        var passed = PassedIDs()
        passed.insert(id(1), at: 1000)
        passed.forget(at: 1000 + PassedIDs.keptMilliseconds - 1)
        #expect(passed.contains(id(1)) && !passed.contains(id(2)))
        passed.insert(id(2), at: 1000 + PassedIDs.keptMilliseconds)
        #expect(passed.contains(id(1)) && passed.contains(id(2)))
        passed.forget(at: 1000 + 3 * PassedIDs.keptMilliseconds)
        passed.forget(at: 1000 + 5 * PassedIDs.keptMilliseconds)
        #expect(!passed.contains(id(1)) && !passed.contains(id(2)))
        func number(_ number: Int) -> RequestID {
            let digits = String(number, radix: 16)
            return RequestID(String(repeating: "0", count: 32 - digits.utf8.count) + digits)!
        }
        for index in 0..<20_000 { passed.insert(number(index), at: 10_000_000) }
        let kept = (0..<20_000).filter { passed.contains(number($0)) }.count
        #expect(kept <= 2 * PassedIDs.countMax && kept >= PassedIDs.countMax)
        #expect(passed.contains(number(19_999)))
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

    @Test("a line of another day is counted, and judged by no volume of today's")
    func anotherDay() throws {
        let scratch = try Scratch()
        let (checkpoint, _) = try checkpoint(scratch)
        for day in 1...6 {
            let at = Sample.noon.advanced(
                byMilliseconds: Int64(day) * 2 * Timestamp.millisecondsPerDay)
            #expect(checkpoint.countFollowed(Sample.query(at: at), at: place(UInt64(day))))
            let before = Sample.noon.advanced(
                byMilliseconds: Int64(-day) * 2 * Timestamp.millisecondsPerDay)
            #expect(checkpoint.countFollowed(Sample.query(at: before), at: place(UInt64(day))))
        }
        #expect(checkpoint.totals.allowed == 12 && checkpoint.totals.would.isEmpty)
        // Today's count is as it was: 2 × 2 pass.
        let outcomes = (0..<5).map { _ in
            if case .allow = checkpoint.judge(Sample.query()) { true } else { false }
        }
        #expect(outcomes == [true, true, true, true, false])
        // Still, however many days wrong the clock of whoever writes the log.
        let far = Sample.noon.advanced(byMilliseconds: 40 * Timestamp.millisecondsPerDay)
        for line in 7...12 {
            let at = far.advanced(byMilliseconds: Int64(line) * Timestamp.millisecondsPerDay)
            #expect(checkpoint.countFollowed(Sample.query(at: at), at: place(UInt64(line))))
        }
        guard case .refuse = checkpoint.judge(Sample.query()) else {
            Issue.record("today's count was given up")
            return
        }
    }

    @Test("places of logs that are followed no more are free for others")
    func slots() throws {
        let scratch = try Scratch()
        let (checkpoint, _) = try checkpoint(scratch)
        func place(_ log: UInt64) -> Checkpoint.Place {
            .init(log: log, cursor: .init(device: 1, inode: log, offset: 9, fingerprint: 3))
        }
        for log in 1...UInt64(LedgerFile.cursorsMax) { #expect(checkpoint.skip(to: place(log))) }
        // One too many: nothing is noted of a line that cannot be counted.
        #expect(!checkpoint.countFollowed(Sample.query("la"), at: place(17)))
        #expect(checkpoint.totals.would.isEmpty && checkpoint.totals.allowed == 0)
        checkpoint.forgetCursors(besides: [3, 17])
        #expect(checkpoint.countFollowed(Sample.query("la"), at: place(17)))
        #expect(checkpoint.cursor(of: 3)?.inode == 3 && checkpoint.cursor(of: 2) == nil)
        for log in 20..<UInt64(20 + LedgerFile.cursorsMax - 2) {
            #expect(checkpoint.skip(to: place(log)))
        }
        #expect(!checkpoint.skip(to: place(40)))
        checkpoint.forgetCursors(besides: [])
        #expect(!checkpoint.hasCursors)
    }

    @Test("a cut, a moved place and a count each make the ledger worth a sync")
    func syncMarks() throws {
        let scratch = try Scratch()
        let (checkpoint, _) = try checkpoint(scratch)
        var marks = [checkpoint.syncMark]
        func changed() -> Bool {
            marks.append(checkpoint.syncMark)
            return marks[marks.count - 2] != marks[marks.count - 1]
        }
        #expect(!changed())
        _ = checkpoint.judge(Sample.query())
        #expect(changed())
        _ = try checkpoint.seal(at: Sample.noon)
        #expect(changed())
        #expect(checkpoint.skip(to: place(1)) && changed())
        #expect(checkpoint.countPassed(id(1), at: Sample.noon, place(2)) && changed())
        #expect(!changed())
    }
}
