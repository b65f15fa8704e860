import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// What is known to be complete, and what is missing.
extension Counting {
    /// The agent's time was set back: it told of times that are yet to come, and counts by the right time again. What
    /// it counted meanwhile stands in the hours under which it was judged, so the time from the last summary
    /// before that until now is not complete.
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

    /// Intervals join end to start; what lies between is missing, unless the gateway refused meanwhile.
    /// `told`: where the counted summary before this one ends.
    func cover(
        _ summary: Summary, _ agent: inout AgentRecord, _ returns: Int64, told: Timestamp?
    ) throws {
        if summary.returns ?? 0 > returns { try comeBack(summary, &agent, told) }
        // Of a seal in parts the first that comes tells where it begins, whichever it is.
        let isFirst = try summary.part.of == 1 || !records.hasOtherPart(summary)
        if isFirst, summary.from > agent.coveredTo {
            // Where an agent's clock ran ahead, what it told of reaches beyond what is taken as covered.
            let reached = max(agent.coveredTo, told ?? agent.coveredTo)
            // One that says it was down when it told of counts forgot them: it was restored, and what it
            // counted after its last word is lost.
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
            // A power loss tore the ledger, or a log went away unread: what was counted counts, but the time is not
            // complete.
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
        // No agent can have counted what is yet to come: its clock is ahead.
        let latest = now.advanced(byMilliseconds: Self.aheadMillisecondsMax)
        if summary.to > latest {
            try tellClock((summary.to.milliseconds - now.milliseconds) / 1000, summary, agent)
        } else if let offset = summary.clockOffsetMilliseconds,
            abs(offset) > Self.skewMillisecondsMax
        {
            // The agent counts by our time meanwhile; its machine is wrong all the same.
            try tellClock(-offset / 1000, summary, agent)
        }
        agent.coveredTo = max(agent.coveredTo, min(summary.to, latest))
    }

    /// Kinds of `dropped` whose queries are in the totals after all (under `*other`, under a neighbouring hour, without features,
    /// without a note of their breach or lock), or whose time another summary leaves out. Whatever else is told, now or by a later version, is missing from this interval.
    private static let accounted: Set<String> = [
        "folded", "mended", "features", "sketch", "breaches", "refusals", "spool", "spool_rows",
        "spool_intervals", "refused",
        "refused_summaries", "unreadable",
    ]

    private static func isMissing(_ kind: String, _ count: Int64) -> Bool {
        count > 0 && !accounted.contains(kind)
    }

    /// A part told before the first one that the time before the seal is missing; the first says that the gateway refused
    /// meanwhile. As where it comes first, it explains nothing of before the last word of its agent.
    private func explain(_ summary: Summary, _ agent: AgentRecord) throws {
        guard let downtime = summary.downtime, downtime.outcome == .refused,
            downtime.to >= summary.from,
            try downtime.from >= records.lastEnd(before: summary) ?? downtime.from
        else { return }
        try records.removeGaps(agent.id, endingAt: summary.from, since: downtime.from)
    }

    /// What was kept apart and not counted, also under no other number, is missing.
    func leaveOut(_ summary: Summary, _ agent: AgentRecord) throws {
        let end = min(summary.to, now)
        guard summary.from < end else { return }
        try records.addGap(agent.id, summary.from, end)
    }

    /// A seal of which a part was refused for good is not complete; it is when the part comes after all.
    private func coverParts(_ summary: Summary, _ agent: AgentRecord) throws {
        // Counted only where the answer matters: at the last one, or after it.
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

    /// `dropped`: queries that the agent had to drop, being away for longer than it can keep them.
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
