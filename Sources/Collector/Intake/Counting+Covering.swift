import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Keeps track of the time for which an agent's counts are complete, and of what is missing.
extension Counting {
    /// The agent's clock was ahead and has been set back: its earlier summaries reach into the future, and it now
    /// counts by the right time. What it counted meanwhile stays in the hours under which it was judged, so the time
    /// since the last summary before that is incomplete.
    private func comeBack(_ summary: Summary, _ agent: inout AgentRecord, _ told: Timestamp?) throws
    {
        try records.keepReturns(agent.id, summary.returns ?? 0)
        let reached =
            try records.lastEnd(before: summary) ?? min(agent.enrolledAt, summary.from)
        try records.cutGaps(agent.id, at: now)
        if reached < summary.from { try records.addGap(agent.id, reached, summary.from) }
        let ahead = max(agent.coveredTo, told ?? agent.coveredTo)
        try tellClock(
            (ahead.milliseconds - summary.from.milliseconds) / 1000, summary, agent)
        agent.coveredTo = summary.from
    }

    /// Intervals join end to start. The time between two is missing, unless the gateway refused meanwhile. `told` is
    /// the end of the counted summary before this one.
    func cover(
        _ summary: Summary, _ agent: inout AgentRecord, _ returns: Int64, told: Timestamp?
    ) throws {
        if summary.returns ?? 0 > returns { try comeBack(summary, &agent, told) }
        // Of a seal in parts, the first part to arrive shows where it begins, whichever part that is.
        let isFirst = try summary.part.of == 1 || !records.hasOtherPart(summary)
        if isFirst, summary.from > agent.coveredTo {
            // If the agent's clock was ahead, its summaries reach further than what is taken as covered.
            let reached = max(agent.coveredTo, told ?? agent.coveredTo)
            // An agent that says it was down at a time for which it has already told counts was restored and forgot
            // them. What it counted after its last summary is lost.
            let isExplained =
                summary.downtime.map {
                    $0.outcome == .refused && $0.from <= reached && $0.to >= summary.from
                        && $0.from >= told ?? $0.from
                } ?? false
            if summary.from > reached, !isExplained {
                try tellGap(
                    from: reached, to: summary.from, agent, number: summary.number,
                    dropped: summary.dropped["spool"])
            }
        }
        if !isFirst, summary.part.n == 1 { try explain(summary, agent) }
        if summary.from < summary.to, summary.dropped.contains(where: Self.isMissing) {
            // The ledger was torn by a power loss, or a log disappeared unread. What was counted counts, but the time
            // is incomplete.
            try tellGap(from: summary.from, to: summary.to, agent, number: summary.number)
            if summary.part.of > 1 { try records.keepLoss(summary) }
        }
        if let refused = summary.dropped["refused"], refused > 0 {
            try integrity.found(
                "refused", .alertI1Refused, agent, ["count": .same(refused)], number: summary.number
            )
        }
        if summary.part.of > 1 { try coverParts(summary, agent) }
        guard summary.part.isLast else { return }
        // No agent can have counted the future: its clock is ahead.
        let latest = now.advanced(byMilliseconds: Self.aheadMillisecondsMax)
        if summary.to > latest {
            try tellClock((summary.to.milliseconds - now.milliseconds) / 1000, summary, agent)
        } else if let offset = summary.clockOffsetMilliseconds,
            abs(offset) > Self.skewMillisecondsMax
        {
            // The agent counts by our time meanwhile, but its machine's clock is still wrong.
            try tellClock(-offset / 1000, summary, agent)
        }
        agent.coveredTo = max(agent.coveredTo, min(summary.to, latest))
    }

    /// Kinds of `dropped` that leave nothing out of this interval's totals: the queries are counted after all (under
    /// `*other`, under a neighbouring hour, without features, without a note of their breach or lock), or another
    /// summary leaves their time out. Every other kind, also one of a later version, means that the interval is
    /// incomplete.
    private static let accounted: Set<String> = [
        "folded", "mended", "features", "sketch", "breaches", "refusals", "spool", "spool_rows",
        "spool_intervals", "refused",
        "refused_summaries", "unreadable",
    ]

    private static func isMissing(_ kind: String, _ count: Int64) -> Bool {
        count > 0 && !accounted.contains(kind)
    }

    /// A later part of the seal arrived first, and the time before the seal was noted as missing. Now the first part
    /// says that the gateway refused meanwhile. As always, that explains no time before the end of the last summary.
    private func explain(_ summary: Summary, _ agent: AgentRecord) throws {
        guard let downtime = summary.downtime, downtime.outcome == .refused,
            downtime.to >= summary.from,
            try downtime.from >= records.lastEnd(before: summary) ?? downtime.from
        else { return }
        try records.removeGaps(agent.id, endingAt: summary.from, since: downtime.from)
    }

    /// The time of a summary that was set aside is missing, unless its content was counted under another number.
    func leaveOut(_ summary: Summary, _ agent: AgentRecord) throws {
        let end = min(summary.to, now)
        guard summary.from < end else { return }
        try records.addGap(agent.id, summary.from, end)
    }

    /// A seal is incomplete if one of its parts was refused for good, and complete once that part arrives after all.
    private func coverParts(_ summary: Summary, _ agent: AgentRecord) throws {
        // The parts are counted only when the answer matters: at the last part, or after it.
        let isTold = try records.hasGap(agent.id, summary.from, summary.to)
        guard isTold || summary.part.isLast else { return }
        if try records.partsCounted(summary) == summary.part.of {
            if try records.hasLoss(summary) { return }
            try records.removeGap(agent.id, summary.from, summary.to)
        } else if summary.part.isLast {
            try tellGap(from: summary.from, to: summary.to, agent, number: summary.number)
        }
    }

    private func tellClock(_ skew: Int64, _ summary: Summary, _ agent: AgentRecord) throws {
        try integrity.found(
            "clock", .alertI1Clock, agent, ["skew": .same(skew)], number: summary.number)
    }

    /// `dropped` is the number of queries that the agent dropped because it was out of contact for longer than it keeps
    /// them.
    private func tellGap(
        from: Timestamp, to: Timestamp, _ agent: AgentRecord, number: SummaryNumber,
        dropped: Int64? = nil
    ) throws {
        try records.addGap(agent.id, from, to)
        if let dropped, dropped > 0 {
            return try integrity.found(
                "spool", .alertI1Spool, agent,
                ["count": .same(dropped), "from": .same(from), "to": .same(to)], number: number)
        }
        try integrity.found(
            "gap", .alertI1Gap, agent,
            ["from": .same(from), "to": .same(to)], number: number)
    }
}
