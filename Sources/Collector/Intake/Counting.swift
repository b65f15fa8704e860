import CollectorDetection
import CollectorLocks
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// Counts one verified summary exactly once, or says why not (docs/wire-format.md#push).
/// Use only inside the intake's transaction.
struct Counting {
    package let records: Records
    package let intake: Intake
    package let system: SystemRecord
    package let terms: Policy
    package let now: Timestamp
    /// What the locks of this transaction leave to be done at its end.
    package let together: LocksTogether

    private var book: LockBook {
        var book = intake.locks.book(records, at: now)
        book.together = together
        return book
    }

    static let aheadMillisecondsMax: Int64 = 60_000
    /// A machine's clock that is further off is plainly wrong (docs/decisions/0013).
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
        // Once one summary of a push is over the quota, all later ones are, and nothing is computed for them.
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

    /// Problems of content: the agent signed something that it may not say, or too much of it.
    static let contentProblems: Set<String> = ["scope", "times", "hours", "quota"]

    /// Tells of lines that the agent did not sign. Somebody else may have sent them, so the numbers they claim are not
    /// cited. If such a line was a summary, the next one leaves its time out, and that shows as a gap.
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

    /// Tells of summaries that one push sent again. Answers get lost, so repeating the last push is harmless; only a
    /// summary further behind the head than a push is long counts as a replay.
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

    /// Refuses a summary that the agent signed and that its chain contradicts. It is not counted, an alert tells of it,
    /// and it is kept as proof.
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

    /// Whether the summary tells a time that was counted already, as a restored snapshot does. If some parts of a seal
    /// were counted, the others complete it under whatever number; else all parts share the fate of the first.
    private func overlaps(
        _ summary: Summary, _ agent: AgentRecord, _ returns: Int64, told: Timestamp?
    ) throws -> Bool {
        // This was counted by the clock that was ahead, and is told again after the time was set back.
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
        // If its clock was ahead, it told more than is taken as covered.
        return summary.from < max(agent.coveredTo, told ?? agent.coveredTo)
    }

    /// What the answer says of `Summary.returns`. It is one more than the count if the agent told of a time in the
    /// future and does not know, because it was restored to a time before that; else all that it counts would be an
    /// overlap.
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

    /// Returns what the system's other agents counted in the present day and window, for quotas that passed half of
    /// their threshold (docs/domain.md#several-agents). `again` means that the agent may not know what it was told
    /// before.
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
