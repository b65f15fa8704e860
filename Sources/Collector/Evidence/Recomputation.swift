import CollectorDetection
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// A rule judged once more, from signed summaries and from what was in force. The collector writes it into a pack, and
/// whoever verifies the pack computes it again.
package struct Recomputation: Codable, Hashable {
    /// What one agent contributed to the number.
    package struct Share: Codable, Hashable {
        package var agent: AgentID
        package var summaries: Int
        package var allowed: Int64
    }

    /// `volume` (R1–R3), `person` (X1) or `none`.
    package var kind: String
    package var rule: String
    package var scope: Scope
    package var key: String?
    package var from: Timestamp?
    package var until: Timestamp?
    /// The threshold T and the breach that locks, for `volume`.
    package var threshold: Int64?
    package var k: Int?
    /// Allowed queries in what had been received when the lock was issued; `later` counts those received after that.
    package var total: Int64 = 0
    package var later: Int64 = 0
    /// The highest breach that a signed summary reports.
    package var reported = 0
    package var reached = 0
    package var shares: [Share] = []
    /// Whether the lock follows from the numbers; nil if no rule can say.
    package var holds: Bool?
    package var vi: String
    package var en: String

    /// No sum grows beyond this, whatever a forged pack says.
    private static let sumMax: Int64 = 1 << 60

    /// `summaries` must be signed and counted; each comes with its time of receipt.
    package static func make(
        reason: String, scope: Scope, issuedAt: Timestamp, context: LockContext?,
        summaries: [(summary: Summary, receivedAt: Timestamp)]
    ) -> Recomputation {
        if let volume = context?.volume, let own = context?.systems.first {
            return make(volume, own, issuedAt, summaries)
        }
        if let person = context?.person, reason == RuleID.x1.rawValue {
            return make(person, scope, issuedAt, summaries)
        }
        let isStaff = reason == "staff"
        return Recomputation(
            kind: "none", rule: reason, scope: scope,
            vi: isStaff
                ? "lệnh khóa do cán bộ quyết định: không có quy tắc để tính lại; căn cứ là quyết định ghi trong nhật ký"
                : "không tính lại được: quy tắc \(reason) không có số đăng ký nào được giữ lại lúc khóa",
            en: isStaff
                ? "a lock by decision of staff: there is no rule to recompute; its ground is the decision in the audit log"
                : "cannot be recomputed: no numbers of rule \(reason) were kept when it locked")
    }

    private static func make(
        _ volume: LockContext.Volume, _ system: LockContext.System, _ issuedAt: Timestamp,
        _ summaries: [(summary: Summary, receivedAt: Timestamp)]
    ) -> Recomputation {
        var made = Recomputation(
            kind: "volume", rule: volume.rule.rawValue, scope: volume.scope, key: volume.key,
            from: volume.from, until: volume.until, threshold: volume.threshold, k: volume.k,
            vi: "", en: "")
        let id = Quota.ID(rule: volume.rule, scope: volume.scope, key: volume.key)
        var shares: [AgentID: Share] = [:]
        for (summary, receivedAt) in summaries where summary.system == system.system {
            let told = allowed(summary, id, system.terms.calendar)
            if receivedAt > issuedAt {
                made.later = min(made.later + told, sumMax)
                continue
            }
            for breach in summary.breaches
            where breach.rule == volume.rule && breach.scope == volume.scope
                && breach.key == volume.key
            {
                made.reported = max(made.reported, breach.k)
            }
            guard told > 0 else { continue }
            made.total = min(made.total + told, sumMax)
            var share =
                shares[summary.agent] ?? Share(agent: summary.agent, summaries: 0, allowed: 0)
            share.summaries += 1
            share.allowed = min(share.allowed + told, sumMax)
            shares[summary.agent] = share
        }
        made.shares = shares.values.sorted { $0.agent < $1.agent }
        let threshold = Threshold(registered: volume.threshold)
        // A refused query is in no total; only the agent's own report tells of it. The report counts if everything that
        // may pass before that breach did pass.
        let isTold = made.total >= threshold.passing(beforeBreach: made.reported)
        made.reached = max(threshold.breach(atQuery: made.total), isTold ? made.reported : 0)
        let holds = volume.threshold > 0 && made.reached >= volume.k
        made.holds = holds
        made.vi =
            "\(volume.rule.rawValue), \(volume.scope), \(volume.key): cộng các bảng kê đã ký được \(made.total) lượt; mức đăng ký \(volume.threshold) lượt; đạt lần vượt \(made.reached), khóa từ lần \(volume.k): "
            + (holds ? "lệnh khóa đúng theo số liệu" : "số liệu KHÔNG dẫn tới lệnh khóa")
        made.en =
            "\(volume.rule.rawValue), \(volume.scope), \(volume.key): the signed summaries add up to \(made.total) queries; registered \(volume.threshold); breach \(made.reached) was reached, it locks at \(volume.k): "
            + (holds ? "the lock follows" : "the lock does NOT follow")
        return made
    }

    /// Returns what a summary contributes to a quota.
    package static func allowed(_ summary: Summary, _ id: Quota.ID?, _ calendar: OfficeCalendar)
        -> Int64
    {
        guard let id else { return 0 }
        return summary.rows.filter { row in
            row.allowed > 0
                && Quota.ID.all(row.login, row.service, calendar.window(at: row.hour)).contains(id)
        }.reduce(0) { $0.adding($1.allowed) }
    }

    /// X1: finds two of the person's accounts, at two units, that were active no further apart than the rule's time.
    private static func make(
        _ person: LockContext.Person, _ scope: Scope, _ issuedAt: Timestamp,
        _ summaries: [(summary: Summary, receivedAt: Timestamp)]
    ) -> Recomputation {
        var made = Recomputation(
            kind: "person", rule: RuleID.x1.rawValue, scope: scope, vi: "", en: "")
        var spans: [(unit: UnitCode, account: String, from: Timestamp, to: Timestamp)] = []
        var shares: [AgentID: Share] = [:]
        for (summary, receivedAt) in summaries where receivedAt <= issuedAt {
            for row in summary.rows where row.allowed > 0 {
                let account = Account(row.login, summary.system).description
                guard person.accounts.contains(account) else { continue }
                spans.append((summary.system.unit, account, summary.from, summary.to))
                made.total = min(made.total + row.allowed, sumMax)
                var share =
                    shares[summary.agent] ?? Share(agent: summary.agent, summaries: 0, allowed: 0)
                share.summaries += 1
                share.allowed = min(share.allowed + row.allowed, sumMax)
                shares[summary.agent] = share
            }
        }
        made.shares = shares.values.sorted { $0.agent < $1.agent }
        spans.sort { ($0.from, $0.to, $0.account) < ($1.from, $1.to, $1.account) }
        let pause = min(max(person.withinMilliseconds, 0), 366 * Timestamp.millisecondsPerDay)
        var pair: (String, String, Timestamp)?
        // The latest end at each unit so far; the beginning at any other unit is compared with it.
        var latest: [UnitCode: (account: String, to: Timestamp)] = [:]
        for span in spans where pair == nil {
            for (unit, other) in latest.sorted(by: { $0.key < $1.key })
            where unit != span.unit && span.from <= other.to.advanced(byMilliseconds: pause) {
                pair = pair ?? (other.account, span.account, span.from)
            }
            if latest[span.unit].map({ $0.to < span.to }) ?? true {
                latest[span.unit] = (span.account, span.to)
            }
        }
        made.holds = pair != nil
        if let (a, b, at) = pair {
            made.from = at
            made.vi =
                "X1: \(a) và \(b) cùng khai thác tại hai đơn vị lúc \(at.rfc3339Seconds); việc hai tài khoản thuộc cùng một người là theo danh sách đăng ký"
            made.en =
                "X1: \(a) and \(b) were active at two units at \(at.rfc3339Seconds); that both belong to one person is what the registry says"
        } else {
            made.vi = "X1: các bảng kê KHÔNG cho thấy hoạt động đồng thời tại hai đơn vị"
            made.en = "X1: the summaries do NOT show activity at two units at the same time"
        }
        return made
    }
}
