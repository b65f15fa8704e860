import Domain
import Platform
import Wire

/// Intake's rules in the simplest way (docs/wire-format.md#push): chain, numbers, repetitions, overlaps. A backup is a
/// copy.
struct ModelCollector {
    struct Number: Hashable {
        let epoch: Int64
        let seq: Int64
    }

    struct BreachID: Hashable, CustomStringConvertible {
        let rule: RuleID
        let scope: Scope
        let key: String
        let k: Int

        var description: String { "\(rule.rawValue) \(scope) \(key) k=\(k)" }
    }

    private struct Seal: Hashable {
        let from: Timestamp
        let to: Timestamp
        let of: Int
    }

    private struct Evidence {
        let hash: String
        let isQuarantined: Bool
        let from: Timestamp
        let to: Timestamp
    }

    let agent: AgentID
    let system: SystemCode
    let key: Ed25519PublicKey
    private(set) var epoch: Int64
    private(set) var seq: Int64 = 0
    private var lastHash = ""
    private(set) var coveredTo: Timestamp
    private(set) var returns: Int64 = 0
    /// Which parts were counted.
    private var parts: [Seal: Set<Int>] = [:]
    private var evidence: [Number: Evidence] = [:]
    /// Of all that is there.
    private(set) var last = SummaryNumber(epoch: 0, seq: 0)
    private(set) var totals = Tally()
    private(set) var quarantined = Tally()
    /// Refused for good by a collector that was wrong.
    private(set) var setAside = Tally()
    private var setAsideDropped: [String: Int64] = [:]
    /// How often each was told.
    private(set) var breaches: [BreachID: Int] = [:]
    /// `fork`, `overlap`, `gap`, `chain`: what I1 would tell.
    private(set) var findings: [String: Int] = [:]
    private var dropped: [String: Int64] = [:]

    init(agent: AgentID, system: SystemCode, key: Ed25519PublicKey, from: Timestamp, epoch: Int64) {
        self.agent = agent
        self.system = system
        self.key = key
        self.epoch = epoch
        coveredTo = from
    }

    /// Reads one line of a push as the real intake does; nil: it would not take it.
    func read(_ line: String) -> Summary? {
        guard line.utf8.count <= Summary.bytesMax, let jws = try? JWS.parse(line.utf8),
            let payload = try? jws.verified(by: key, typ: Summary.typ),
            let summary = try? decodeJSON(Summary.self, payload), summary.isPlausible,
            summary.agent == agent, summary.system == system
        else { return nil }
        return summary
    }

    mutating func take(_ line: String) -> PushAnswer.Item {
        guard let summary = read(line) else {
            note("unreadable")
            return .init(seq: 0, status: .refused, problem: "malformed")
        }
        let number = Number(epoch: summary.epoch, seq: summary.seq)
        func answer(_ status: PushAnswer.Status, _ problem: String? = nil) -> PushAnswer.Item {
            .init(seq: summary.seq, status: status, problem: problem)
        }
        let hash = JWS.digest(line)
        if summary.epoch != epoch || summary.seq <= seq {
            guard let known = evidence[number] else { return answer(.refused, "epoch") }
            if known.hash == hash { return answer(.duplicate) }
            note("fork")
            return answer(.refused, "fork")
        }
        guard summary.seq == seq + 1 else { return answer(.resync) }
        guard summary.prev == lastHash else {
            note("chain")
            return answer(.refused, "chain")
        }
        seq = summary.seq
        lastHash = hash
        let isOverlap = overlaps(summary)
        last = SummaryNumber(epoch: epoch, seq: seq)
        evidence[number] = Evidence(
            hash: hash, isQuarantined: isOverlap, from: summary.from, to: summary.to)
        if isOverlap {
            note("overlap")
            for row in summary.rows { quarantined.add(row) }
            return answer(.accepted, "quarantined")
        }
        count(summary)
        return answer(.accepted)
    }

    private func overlaps(_ summary: Summary) -> Bool {
        if summary.returns ?? 0 < returns { return true }
        if let counted = parts[Seal(from: summary.from, to: summary.to, of: summary.part.of)] {
            return counted.contains(summary.part.n)
        }
        if summary.returns ?? 0 > returns { return false }
        if summary.part.n > 1, let former = evidence[Number(epoch: epoch, seq: seq - 1)],
            former.from == summary.from, former.to == summary.to
        {
            return former.isQuarantined
        }
        return summary.from < coveredTo
    }

    private mutating func count(_ summary: Summary) {
        if summary.part.of > 1 {
            parts[Seal(from: summary.from, to: summary.to, of: summary.part.of), default: []]
                .insert(summary.part.n)
        }
        if summary.returns ?? 0 > returns {
            returns = summary.returns ?? 0
            coveredTo = summary.from
            note("return")
        }
        for row in summary.rows { totals.add(row) }
        for breach in summary.breaches {
            let id = BreachID(
                rule: breach.rule, scope: breach.scope, key: breach.key, k: breach.k)
            breaches[id, default: 0] += 1
        }
        dropped.merge(summary.dropped, uniquingKeysWith: +)
        if summary.part.n == 1, summary.from > coveredTo {
            let isExplained =
                summary.downtime.map {
                    $0.outcome == .refused && $0.from <= coveredTo && $0.to >= summary.from
                } ?? false
            if !isExplained { note("gap") }
        }
        if summary.part.isLast { coveredTo = max(coveredTo, summary.to) }
    }

    /// A new epoch exceeds both sides' highest.
    mutating func newEpoch(after asked: Int64) -> Int64 {
        epoch = max(epoch, asked) + 1
        seq = 0
        lastHash = ""
        return epoch
    }

    /// Refuses a summary for good although nothing is wrong with it.
    mutating func refuseWrongly(_ line: String) -> PushAnswer.Item {
        guard let summary = read(line) else { return take(line) }
        for row in summary.rows { setAside.add(row) }
        setAsideDropped.merge(summary.dropped, uniquingKeysWith: +)
        note("set aside")
        return .init(seq: summary.seq, status: .refused, problem: "malformed")
    }

    /// Of what was told to be dropped, set aside or not.
    func dropped(_ kind: String) -> Int64 { (dropped[kind] ?? 0) + (setAsideDropped[kind] ?? 0) }

    /// From a backup. What was refused for good stays so at the agent.
    mutating func restore(_ backup: ModelCollector) {
        let (aside, droppedAside) = (setAside, setAsideDropped)
        self = backup
        (setAside, setAsideDropped) = (aside, droppedAside)
    }

    private mutating func note(_ finding: String) { findings[finding, default: 0] += 1 }
}
