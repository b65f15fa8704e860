import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// Summaries that the collector refused, seals of which it took a part, and a time that came back.
@Suite("What a collector did not take") struct RefusedTests {
    let scratch: Scratch
    let outbox: Outbox

    init() throws {
        scratch = try Scratch()
        outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1)
    }

    private func time(_ minute: Int64) -> Timestamp {
        Sample.noon.advanced(byMilliseconds: minute * 60_000)
    }

    private func take(
        _ number: Int64, from: Timestamp? = nil, rows: Int = 1, dropped: [String: Int64] = [:]
    ) throws {
        let from = from ?? time(number)
        let rows = (0..<rows).map {
            SummaryRow(
                login: Login("canbo\($0)")!, service: Sample.service, hour: from.hourStart,
                window: .office, allowed: 2)
        }
        try outbox.take(
            Interval(
                from: from, to: from.advanced(byMilliseconds: 60_000), dropped: dropped, rows: rows),
            ledger: number, remembered: { $0.login })
    }

    /// Signs what waits, as payloads without a signature.
    @discardableResult
    private func sign() throws -> [Summary] {
        var made: [Summary] = []
        _ = try outbox.sign(at: Sample.noon) { interval, position, store in
            let groups = SummaryPart.packed(interval)
            let parts = SummaryPart.numbers(of: interval, count: groups.count)
            for (index, group) in groups.enumerated() {
                var summary = Summary(
                    agent: AgentID(system: Sample.system, number: 1), system: Sample.system,
                    epoch: position.epoch, seq: position.seq + Int64(index) + 1,
                    part: parts[index], prev: "", from: interval.from, to: interval.to,
                    everyMilliseconds: 60_000, clockOffsetMilliseconds: nil, held: .init(),
                    downtime: nil, dropped: index == 0 ? interval.dropped : [:], refusedSets: [:],
                    breaches: [], rows: group.rows)
                summary.returns = interval.returns
                made.append(summary)
                let payload = Base64URL.encode(try encodeJSON(summary))
                try store(
                    "\(Base64URL.encode([UInt8](#"{"alg":"EdDSA","kid":"k","typ":"t"}"#.utf8))).\(payload).\(Base64URL.encode([UInt8](repeating: 0, count: 64)))",
                    summary.seq)
            }
        }
        return made
    }

    // MARK: refused

    @Test(
        "what was refused is counted as lost, told with the next summary, and kept for inspection")
    func refused() throws {
        try take(1, rows: 3, dropped: ["torn": 1])
        try sign()
        #expect(try outbox.setAside(1, 1) == 6)
        #expect(try outbox.setAside(1, 1) == nil, "once")
        #expect(try outbox.refused() == .init(summaries: 1, queries: 6, kept: 1, untold: 1))
        #expect(try !outbox.hasUntoldLoss(), "nothing was dropped here")
        try outbox.adopt(epoch: 2)
        try take(2)
        let told = try #require(try sign().first)
        // And what it told of besides its counts is not lost.
        #expect(told.dropped == ["refused": 6, "refused_summaries": 1, "torn": 1])
        let refused = try outbox.refused()
        #expect(refused.untold == 0 && refused.isFresh)
        try outbox.prune(sure: Sample.noon.advanced(byMilliseconds: 9 * 86_400_000))
        #expect(try outbox.refused() == .init(summaries: 1, queries: 6, kept: 0, untold: 0))
        let now = try outbox.refused()
        #expect(!now.isFresh)
    }

    @Test("a full outbox does not say of refused summaries that they were acknowledged")
    func full() throws {
        let small = try Outbox(
            path: "\(scratch.path)/agent.db", epoch: 1, bounds: OutboxBounds(bytesMax: 10))
        try take(1)
        try take(2)
        try sign()
        try small.setAside(1, 1)
        try take(3)
        let loss = try small.enforceBounds(sure: Sample.noon)
        #expect(loss.refused == 1 && loss.kept == 0)
        #expect(try small.refused().queries == 4)
    }

    // MARK: parts

    @Test("of a seal of which a part was counted, the others keep their numbers under a new epoch")
    func parts() throws {
        try take(1, rows: 3000)
        let first = try sign()
        try #require(first.count > 2)
        try outbox.settle(1, 1)
        try outbox.adopt(epoch: 2)
        let again = try sign()
        #expect(again.map(\.part) == first.dropFirst().map(\.part))
        #expect(again.map(\.rows) == first.dropFirst().map(\.rows))
        #expect(
            again.allSatisfy { $0.epoch == 2 && $0.from == first[0].from && $0.to == first[0].to })
    }

    // MARK: returns

    @Test(
        "an interval that begins before the last one ended is told as a return of the time, by its ledger"
    )
    func returns() throws {
        try take(1, from: time(5_000_000))
        try take(2, from: time(1))
        try take(3, from: time(2))
        try take(3, from: time(-1))
        let told = try sign()
        #expect(told.map(\.returns) == [nil, 1])
        #expect(told.map(\.from) == [time(5_000_000), time(1)], "what follows it goes with it")
        #expect(told.allSatisfy { $0.isPlausible })
        // The collector knows of more: this agent is a snapshot of before.
        try outbox.adopt(returns: 4)
        try take(4, from: time(3))
        #expect(try sign().map(\.returns) == [4])
    }
}

@Suite("SteadyTime") struct SteadyTimeTests {
    private static let hour: Int64 = 3_600_000

    @Test("a time is steady after six even hours, and a leap begins them anew")
    func steady() {
        var steady = SteadyTime()
        let noon = Sample.noon.milliseconds
        for past in 0..<6 as Range<Int64> {
            let isSteady = steady.isSteady(noon + past * Self.hour, monotonic: past * Self.hour)
            #expect(!isSteady)
        }
        let asked = [
            (noon + 6 * Self.hour + 500, 6 * Self.hour, true),
            (noon + 300 * 24 * Self.hour, 6 * Self.hour + 1, false),
            (noon, 6 * Self.hour + 2, false),
            (noon + 6 * Self.hour, 12 * Self.hour + 2, true),
        ]
        for (sure, monotonic, expected) in asked {
            let isSteady = steady.isSteady(sure, monotonic: monotonic)
            #expect(isSteady == expected)
        }
    }
}
