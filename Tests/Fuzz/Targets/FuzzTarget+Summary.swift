import Domain
import Platform
import Wire
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

extension FuzzTarget {
    /// Summaries as the collector reads them, and as intervals that the agent joins.
    static let summary = FuzzTarget(
        "summary",
        words: [
            "\"rows\":[", "\"login\":\"", "\"service\":\"", "\"hour\":", "\"window\":\"off\"",
            "\"allowed\":", "\"denied\":{", "\"passed\":", "\"would\":{", "\"breaches\":[",
            "\"refusals\":[", "\"bypass\":{", "\"downtime\":{", "\"outcome\":\"refused\"",
            "\"dropped\":{\"torn\":", "\"held\":{\"nation\":\"", "\"part\":{\"n\":1,\"of\":2}",
            "\"clock_offset_ms\":", "9223372036854775807", "-9223372036854775808", "1795482000000",
            "account=canbo1@H26.motcua", "\"k\":", "\"threshold\":", "2026-11-24/office",
        ]
    ) { bytes in
        guard let summary = try Fuzz.reread(Summary.self, bytes) else { return }
        try promiseIntake(bytes, summary)
        guard summary.isPlausible else { return }
        let calendar = OfficeCalendar.letter
        for row in summary.rows {
            for id in Quota.ID.all(row.login, row.service, calendar.window(at: row.hour)) {
                try promise(
                    Quota.ID(rule: id.rule, scope: id.scope(in: summary.system), key: id.key) == id,
                    "\(id.key) is another quota")
            }
        }
        _ = (moment(summary.from), moment(summary.to), "\(summary.from)")
        try promiseSums(summary)
    }

    /// The collector counts what is signed by its agent and plausible, and nothing else.
    private static func promiseIntake(_ bytes: [UInt8], _ read: Summary) throws {
        let key = try Fuzz.key.get()
        let jwk = JWK(key.publicKey)
        let agent = AgentRecord(
            id: AgentID(unchecked: "H26.motcua/1"), system: SystemCode(unchecked: "H26.motcua"),
            kid: jwk.thumbprint, x: jwk.x, isRevoked: false, enrolledAt: .now, revokedAt: nil,
            epoch: 1, seq: 0, lastHash: "", coveredTo: .now, everyMilliseconds: 60_000,
            lastSeen: nil, skewMilliseconds: nil)
        let other = try Fuzz.root.get()
        let lines = [
            try JWS.sign(bytes, typ: Summary.typ, with: key),
            try JWS.sign(bytes, typ: Policy.typ, with: key),
            try JWS.sign(bytes, typ: Summary.typ, with: other),
        ]
        let items = Intake.read([UInt8](lines.joined(separator: "\n").utf8), from: agent)
        try promise(items.count == 3, "\(items.count) items of 3 lines")
        let isOurs =
            read.isPlausible && read.agent == agent.id && read.system == agent.system
        for (index, item) in items.enumerated() {
            if case .summary(let counted, _, _, _) = item {
                try promise(index == 0 && isOurs && counted == read, "line \(index) is counted")
            } else {
                try promise(index > 0 || !isOurs, "an honest summary is refused")
            }
        }
    }

    private static func promiseSums(_ summary: Summary) throws {
        func sum(_ rows: [SummaryRow]) -> [Int64] {
            rows.reduce(into: [0, 0, 0, 0]) { sums, row in
                sums[0] += row.allowed
                sums[1] += row.deniedTotal
                sums[2] += row.passed
                sums[3] += row.would.values.reduce(0, +)
            }
        }
        let half = summary.rows.count / 2
        var first = Interval(
            from: summary.from, to: summary.to, dropped: summary.dropped,
            breaches: summary.breaches, rows: Array(summary.rows[..<half]))
        var second = first
        second.rows = Array(summary.rows[half...])
        first.refusals = summary.refusals
        second.refusals = summary.refusals
        _ = first.mayCoalesce(with: second)
        first.coalesce(second)
        try promise(sum(first.rows) == sum(summary.rows), "joining changes the counts")
        try promise(
            first.refusals.reduce(0) { $0 + $1.count }
                == 2 * summary.refusals.reduce(0) { $0 + $1.count }, "joining changes refusals")
        let again = try decodeJSON(Interval.self, encodeJSON(first))
        try promise(again == first, "an interval reads otherwise when it is written anew")
    }
}
