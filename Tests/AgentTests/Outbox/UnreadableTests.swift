import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// A spool that an earlier version wrote, or a disk damaged: each piece is told, or set aside and counted; nothing waits
/// behind it for ever.
@Suite("What an outbox cannot read") struct UnreadableTests {
    let scratch: Scratch
    let outbox: Outbox

    init() throws {
        scratch = try Scratch()
        outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1)
    }

    private func put(_ place: Int64, _ json: String, rows: String = "") throws {
        _ = try outbox.database.use {
            try $0.run(
                "INSERT INTO interval (place, json, rows) VALUES (?, ?, ?)", .integer(place),
                .blob([UInt8](json.utf8)), .blob([UInt8](rows.utf8)))
        }
    }

    private func sign() throws -> [Interval] {
        var told: [Interval] = []
        while try outbox.sign(
            at: Sample.noon,
            { interval, position, store in
                told.append(interval)
                try store("x", position.seq + 1)
            })
        {}
        return told
    }

    private static let noon = Sample.noon.milliseconds
    private static func times(_ rest: String = "") -> String {
        #"{"from":\#(noon),"to":\#(noon + 1000),"dropped":{},"breaches":[],"rows":[]\#(rest)}"#
    }

    @Test("what is no interval is set aside and counted, and what stands behind it is told")
    func setAside() throws {
        try put(1, "garbage")
        try put(2, #"{"to":1}"#)
        try put(3, "")
        try put(4, Self.times())
        let told = try sign()
        #expect(told.map(\.from) == [Sample.noon])
        #expect(told[0].dropped == ["unreadable": 3])
        #expect(try outbox.unreadable().total == 3)
        #expect(try outbox.unreadable() == .init(total: 3, kept: 3, untold: 0))
        let kept = try outbox.database.use {
            try $0.rows("SELECT json FROM unreadable ORDER BY id") { $0.blob(0) }
        }
        #expect(kept == [[UInt8]("garbage".utf8), [UInt8](#"{"to":1}"#.utf8), []])
        // For as long as acknowledged summaries are.
        try outbox.prune(sure: Sample.noon)
        #expect(
            try outbox.database.use { try $0.rows("SELECT id FROM unreadable") { $0.integer(0) } }
                .count == 3)
        try outbox.prune(sure: Sample.noon.advanced(byMilliseconds: 9 * 86_400_000))
        #expect(
            try outbox.database.use { try $0.rows("SELECT id FROM unreadable") { $0.integer(0) } }
                .isEmpty)
        #expect(try outbox.unreadable().total == 3)
    }

    @Test(
        "of an interval that can be read in part, every count that says when and how much is told")
    func inPart() throws {
        let long = String(repeating: "x", count: 300)
        try put(
            1,
            Self.times(#","refusals":[{"lock":7}],"bypass":{"from":"x"},"returns":1e300"#)
                .replacing(#""breaches":[]"#, with: #""breaches":[{"rule":"R1"},{"rule":"R9x"}]"#),
            rows: """
                [{"login":"\(long)","service":"a","hour":\(Self.noon),"window":"office","allowed":3,"denied":{}},\
                {"login":"canbo1","service":"a","hour":\(Self.noon),"window":"night","allowed":4,"passed":1},\
                {"login":"canbo1","service":"a","hour":\(Self.noon),"window":"off","allowed":1e300},\
                {"login":"canbo1","service":"a","hour":\(Self.noon),"window":"off","denied":{"R1":5,"R2":"x"}}]
                [broken
                """ + "\n")
        let told = try #require(try sign().first)
        #expect(told.rows.map(\.login.rawValue) == ["*other", "canbo1", "canbo1"])
        #expect(told.rows.map(\.queries) == [3, 5, 5])
        #expect(told.breaches.isEmpty && told.bypass == nil && told.returns == nil)
        // A bypass, returns, two breaches, a refusal, a row, a line of rows.
        #expect(told.dropped == ["torn": 7])
        #expect(try outbox.unreadable().total == 0)
    }

    @Test("a signed summary that cannot be read again stops neither a refusal nor a new epoch")
    func signed() throws {
        _ = try outbox.database.use {
            for (seq, text) in [(1, "x"), (2, "a.b.c"), (3, "")] {
                try $0.run(
                    "INSERT INTO summary (epoch, seq, jws, state, signed_at, bytes) VALUES (1, ?, ?, 0, 0, 1)",
                    .integer(Int64(seq)), .text(text))
            }
        }
        #expect(try outbox.told(1, 1) == nil)
        #expect(try outbox.setAside(1, 2) == nil)
        #expect(try outbox.oldestWaiting() == nil)
        try outbox.adopt(epoch: 2)
        #expect(try outbox.position().epoch == 2)
        #expect(try outbox.waiting().isEmpty)
        #expect(try outbox.unreadable().total == 3)
    }
}
