import CollectorDetection
import CollectorLocks
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// Counts one verified summary exactly once, or says why not (docs/wire-format.md#push).
/// Use inside the intake's transaction.
struct Counting {
    package let records: Records
    package let intake: Intake
    package let system: SystemRecord
    package let terms: Policy
    package let now: Timestamp
    /// What locks of this transaction leave to its end.
    package let together: LocksTogether

    private var book: LockBook {
        var book = intake.locks.book(records, at: now)
        book.together = together
        return book
    }

    static let aheadMillisecondsMax: Int64 = 60_000
    /// Beyond it a machine's clock is plainly wrong (docs/decisions/0013).
    static let skewMillisecondsMax: Int64 = 300_000

    package var integrity: Integrity { Integrity(records: records, now: now) }

    package func take(
        _ told: Summary, jws: String, hash: String, content: [UInt8],
        _ agent: inout AgentRecord, _ sender: inout SenderAccount
    ) throws -> PushAnswer.Item {
        let summary = withEqualRowsSummed(told)
        let seq = summary.seq
        func answer(_ status: PushAnswer.Status, _ problem: String? = nil) -> PushAnswer.Item {
            .init(seq: seq, status: status, problem: problem)
        }
        if summary.epoch != agent.epoch || seq <= agent.seq {
            guard let stored = try records.stored(agent.id, epoch: summary.epoch, seq: seq)
            else {
                intake.metrics.countRefusal("epoch")
                return answer(.refused, "epoch")
            }
            if stored.hash == hash {
                return answer(.duplicate, stored.isCounted ? nil : PushAnswer.Item.quarantined)
            }
            try refuse("fork", .alertI1Fork, summary, jws, hash, agent)
            return answer(.refused, "fork")
        }
        guard seq == agent.seq.adding(1) else { return answer(.resync) }
        guard summary.prev == agent.lastHash else {
            try refuse("chain", .alertI1Chain, summary, jws, hash, agent)
            return answer(.refused, "chain")
        }
        // After the first of a push all are: nothing is worked out for them again.
        let isWithin =
            try !sender.isOver
            && sender.take(
                .init(summary, bytes: jws.utf8.count), to: summary.to, now: now
            ) { try records.accountCount(system.code) }
        guard isWithin else {
            sender.isOver = true
            return answer(.refused, "quota")
        }
        agent.seq = seq
        agent.lastHash = hash
        agent.everyMilliseconds = min(max(summary.everyMilliseconds, 1000), 300_000)
        try reportRefusedSets(summary, agent)
        let returns = try records.returns(agent.id)
        let told = sender.told
        if try overlaps(summary, agent, returns, told: told) {
            try records.keep(
                summary, jws: jws, hash: hash, content: content, state: "quarantined", at: now)
            let isKnown = try records.wasCounted(summary, content)
            if !isKnown { try leaveOut(summary, agent) }
            try integrity.found("overlap", .alertI1Overlap, agent, number: summary.number)
            return .init(
                seq: seq, status: .accepted, problem: PushAnswer.Item.quarantined,
                counted: isKnown ? true : nil)
        }
        try records.keep(summary, jws: jws, hash: hash, content: content, state: "counted", at: now)
        if summary.part.of > 1 { try records.keepPart(summary) }
        sender.told = summary.to
        var folded = summary
        folded.rows = try NameFolding(records: records, system: agent.system).folded(summary.rows)
        try records.add(
            folded.rows, system: agent.system, opening: terms.calendar.officeFrom)
        try cover(summary, &agent, returns, told: told)
        try Detection(
            records: records, book: book, config: intake.config, system: system, policy: terms,
            now: now
        ).examine(folded)
        try noteRefusals(summary, agent)
        try judgeHeld(summary, agent)
        try judgeLocks(summary, sender, agent)
        try judgeWindows(summary, agent)
        sender.hold(summary.held, to: summary.to, now: now)
        if let bypass = summary.bypass {
            try integrity.found(
                "bypass", .alertBypass, agent,
                [
                    "from": moment(bypass.from), "until": moment(bypass.until),
                    "by": .same(shown(bypass.by)), "reason": .same(shown(bypass.reason)),
                ], number: summary.number, apart: " \(bypass.from)")
        }
        return answer(.accepted)
    }

    /// What an agent signed and may not say, or not so much of.
    static let contentProblems: Set<String> = ["scope", "times", "hours", "quota"]

    /// Lines that are nothing its agent signed, by problem: one that claims to be may be somebody else's. Whatever number
    /// they claim is not cited. If a line was a summary, the next one leaves its time out, and that is a gap.
    func tellRefused(_ lines: [String: Int64], _ agent: AgentRecord) throws {
        for (problem, seq) in lines.sorted(by: { $0.key < $1.key }) {
            if problem == "signature" {
                try integrity.found(
                    "chain", .alertI1Chain, agent, ["seq": .same(seq)], apart: " \(problem)")
            } else if Self.contentProblems.contains(problem) {
                try integrity.found(
                    "content", .alertI1Content, agent,
                    ["problem": .same(problem), "number": .same(seq)], apart: " \(problem)")
            } else {
                try integrity.found("line", .alertI1Line, agent, ["problem": .same(problem)])
            }
        }
    }

    /// What was sent once more, of one push. Answers get lost: only what lies farther behind the head than a push is long is
    /// no repetition of the last one.
    func tellReplays(_ summaries: [SummaryNumber], _ agent: AgentRecord) throws {
        let old = summaries.filter {
            $0.epoch != agent.epoch || $0.seq < agent.seq - Int64(Intake.linesMax)
        }
        guard let first = old.map(\.seq).min(), let last = old.map(\.seq).max(),
            let number = old.last
        else { return }
        try integrity.found(
            "replay", .alertI1Replay, agent,
            [
                "count": .same(old.count), "seq_from": .same(first), "seq_to": .same(last),
            ], number: number)
    }

    /// What its agent signed and the chain contradicts: not counted, told, and kept as the proof of it.
    private func refuse(
        _ kind: String, _ key: MessageKey, _ summary: Summary, _ jws: String, _ hash: String,
        _ agent: AgentRecord
    ) throws {
        intake.metrics.countRefusal(kind)
        if try !records.keepRefused(summary, kind: kind, jws: jws, hash: hash, at: now) {
            intake.metrics.add("chot_collector_refused_not_kept_total")
        }
        try integrity.found(kind, key, agent, number: summary.number)
    }

    /// Whether the summary tells again of a time that was counted: a restored snapshot. A seal of several parts, of
    /// which some were counted, is completed by the others, under whatever number; else its parts share the fate of
    /// the first.
    private func overlaps(
        _ summary: Summary, _ agent: AgentRecord, _ returns: Int64, told: Timestamp?
    ) throws -> Bool {
        // What was counted by the clock that was ahead, told again after the time came back.
        if summary.returns ?? 0 < returns { return true }
        if summary.part.of > 1 {
            switch try records.partCounted(summary) {
            case .this: return true
            case .others: return false
            case .none: break
            }
        }
        if summary.returns ?? 0 > returns { return false }
        if let state = try records.stateOfFormerPart(summary) { return state == "quarantined" }
        // Where its clock ran ahead, it told of more than is taken as covered.
        return summary.from < max(agent.coveredTo, told ?? agent.coveredTo)
    }

    /// What the agent is told of `Summary.returns`. One more than the count where what it told lies in the future, and
    /// it does not know, having been restored to a time before: else all that it counts would be an overlap.
    package func returns(told last: Summary?, _ item: PushAnswer.Item?, _ sender: SenderAccount)
        throws
        -> Int64?
    {
        guard let last else { return nil }
        let returns = try records.returns(last.agent)
        let latest = now.advanced(byMilliseconds: Self.skewMillisecondsMax)
        if item?.problem == PushAnswer.Item.quarantined, last.returns ?? 0 == returns,
            last.to <= latest,
            let told = sender.told, told > latest
        {
            return returns.adding(1)
        }
        return returns > 0 ? returns : nil
    }

    private func reportRefusedSets(_ summary: Summary, _ agent: AgentRecord) throws {
        let refused = summary.refusedSets.filter { $0.value > 0 }
        guard !refused.isEmpty else { return }
        try integrity.found(
            "lockset", .alertI1Lockset, agent,
            [
                "count": .same(refused.values.saturatingSum),
                "problem": .same(shown(refused.keys.sorted().joined(separator: ", "))),
            ], number: summary.number)
    }

    /// Counts of the system's other agents in the day and window of now, where they pass half of the
    /// threshold (docs/domain.md#several-agents). `again`: the agent may not know what it was told before.
    package func others(than agent: AgentID, again: Bool) throws -> [PushAnswer.Other] {
        guard try records.agentCount(system.code) > 1 else { return [] }
        let day = terms.calendar.day(at: now)
        let near = try records.near(system.code, on: day)
        let due =
            records.remembered?.othersDue(agent, system.code, again: again, at: now) ?? Array(near)
        let detection = Detection(
            records: records, book: book, config: intake.config,
            system: system, policy: terms, now: now)
        return try detection.others(due, than: agent).map { id, count in
            PushAnswer.Other(
                rule: id.rule, scope: id.scope(in: system.code), key: id.key, count: count)
        }
    }
}
