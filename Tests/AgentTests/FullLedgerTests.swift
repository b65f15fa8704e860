import Domain
import Platform
import Testing

@testable import Agent

/// What becomes of queries when the ledger has no room for their rows, and cannot be cut.
@Suite("A full ledger") struct FullLedgerTests {
    /// A ledger that a few made-up names fill, but for its reserve.
    private func full(_ scratch: Scratch) throws -> Checkpoint {
        let opened = try Ledger.open(
            folder: "\(scratch.path)/ledger", after: 0, from: Sample.noon,
            bytes: LedgerFile.headerBytes + LedgerFile.reserveBytes + 16_384)
        let gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 1000), sets: []))
        let checkpoint = Checkpoint(gate: gate, ledger: opened.ledger, wake: WakeEvent())
        for index in 0..<400 { _ = checkpoint.judge(Sample.query("gia\(index)")) }
        #expect(checkpoint.totals.folded > 0)
        return checkpoint
    }

    @Test("each query of an account that found no room is told as folded, the second too")
    func folded() throws {
        let scratch = try Scratch()
        let checkpoint = try full(scratch)
        let before = checkpoint.totals.folded
        for _ in 0..<3 {
            guard case .allow = checkpoint.judge(Sample.query()) else {
                Issue.record("refused")
                return
            }
        }
        #expect(checkpoint.totals.folded == before + 3 && checkpoint.totals.allowed == 3)
        let cut = try checkpoint.seal(at: Sample.noon)
        #expect(cut.folded == before + 3)
        let rows = cut.sealed.file.rows().filter { $0.allowed > 0 }
        #expect(rows.map(\.login) == [.folded] && rows.map(\.allowed) == [3])
        // And where there is room again it has a row of its own.
        _ = checkpoint.judge(Sample.query())
        let next = try checkpoint.seal(at: Sample.noon).sealed.file.rows()
        #expect(next.map(\.login.rawValue) == ["canbo1"])
    }

    @Test("what could not be read goes into the reserve too, and is told only when it was counted")
    func malformed() throws {
        let scratch = try Scratch()
        let checkpoint = try full(scratch)
        #expect(checkpoint.countMalformed(at: Sample.noon))
        // A row more for each hour, until the reserve is full too.
        var counted: Int64 = 1
        for hour in 1..<5000 {
            let at = Sample.noon.advanced(
                byMilliseconds: Int64(hour) * Timestamp.millisecondsPerHour)
            if checkpoint.countMalformed(at: at) { counted += 1 }
        }
        #expect(counted > 100 && counted < 4000)
        #expect(checkpoint.totals.denied[.malformed] == counted)
        let rows = try checkpoint.seal(at: Sample.noon).sealed.file.rows()
        #expect(rows.compactMap { $0.denied["malformed"] }.reduce(0, +) == counted)
    }

    @Test(
        "lines of a log wait for room: nothing of them is noted meanwhile, however often they come")
    func waiting() throws {
        let scratch = try Scratch()
        let checkpoint = try full(scratch)
        let before = checkpoint.totals
        let place = Checkpoint.Place(
            log: 7, cursor: .init(device: 1, inode: 2, offset: 3, fingerprint: 4))
        for _ in 0..<20 {
            #expect(!checkpoint.countFollowed(Sample.query("la"), at: place))
            #expect(!checkpoint.countPassed(nil, at: Sample.noon, place))
        }
        #expect(checkpoint.totals.would == before.would && checkpoint.totals.passed == 0)
        #expect(checkpoint.cursor(of: 7) == nil && checkpoint.totals.folded == before.folded)
        _ = try checkpoint.seal(at: Sample.noon)
        #expect(checkpoint.countFollowed(Sample.query("la"), at: place))
        #expect(checkpoint.totals.would == [.r8Account: 1] && checkpoint.totals.allowed == 1)
    }
}
