import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// What an agent tells as dropped: coverage never claims what is not in the totals, and claims what is.
@Suite("Kinds of dropped") struct DroppedKindsTests {
    @Test(
        "lines of logs, torn records and what nobody knows are missing from the interval",
        arguments: [
            "log_gone", "log_truncated", "log_unread", "log_away", "torn", "of-a-later-version",
        ]
    ) func missing(_ kind: String) throws {
        #expect(try gaps([kind: 1]) == 1)
    }

    @Test("what is in the totals after all, or in a gap of its own, is not")
    func accounted() throws {
        let kinds = [
            "folded", "mended", "features", "sketch", "breaches", "refusals", "unreadable",
            "spool_rows",
        ]
        #expect(try gaps(.init(uniqueKeysWithValues: kinds.map { ($0, 5) })) == 0)
        #expect(try gaps(["torn": 0]) == 0)
    }

    @Test("a name that stands twice in what was signed: refused, whatever it says")
    func twice() throws {
        try SenderRig.run { rig in
            rig.time.pass(1000)
            let summary = try rig.summary(rig.honest, [rig.row(3)])
            let text = String(decoding: try encodeJSON(summary), as: UTF8.self)
            for twice in [
                text.replacing("{\"agent\":", with: "{\"seq\":9,\"agent\":"),
                text.replacing("\"allowed\":3", with: "\"allowed\":3,\"allowed\":4"),
                text.replacing("\"allowed\":3", with: "\"allowed\":3,\"\\u0061llowed\":4"),
            ] {
                #expect(twice != text)
                let jws = try JWS.sign([UInt8](twice.utf8), typ: Summary.typ, with: rig.honest.key)
                let item = try #require(try rig.push(rig.honest, [jws])?.items.first)
                #expect(item.status == .refused && item.problem == "malformed")
            }
            #expect(try rig.push(rig.honest, summary).status == .accepted)
        }
    }

    private func gaps(_ dropped: [String: Int64]) throws -> Int {
        var count = 0
        try SenderRig.run { rig in
            rig.time.pass(1000)
            var summary = try rig.summary(rig.honest, [rig.row(3)])
            summary.dropped = dropped
            #expect(try rig.push(rig.honest, summary).status == .accepted)
            count = try rig.gaps(rig.honest).count
        }
        return count
    }
}
