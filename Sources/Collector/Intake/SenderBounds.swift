import CollectorRegistry
import CollectorValues
import Domain
import Platform
import Wire

/// Whether a summary tells only what its sender may tell: of its own system, of times that can be, of hours that its
/// interval covers. What does not is refused for good, whoever sends it (docs/wire-format.md, "Who may say what").
/// Computed with plausible summaries only; touches no database.
struct SenderBounds {
    package let agent: AgentRecord
    package let now: Timestamp

    package enum Problem: String {
        /// A breach of another system, or of what no agent counts.
        case scope
        /// An interval of before the agent was, or farther ahead than a clock can be.
        case times
        /// Rows or features of hours that the interval does not cover.
        case hours
    }

    /// Nil: it does. `enrolledAt` of a collector whose clock was ahead lies in the future, so now counts too.
    package func problem(_ summary: Summary) -> Problem? {
        let oldest = min(agent.enrolledAt, now).advanced(
            byMilliseconds: -Limits.hoursBackMilliseconds)
        let latest = now.advanced(byMilliseconds: Limits.aheadMillisecondsMax)
        guard summary.from >= oldest, summary.to <= latest else { return .times }
        let isOwn = summary.breaches.allSatisfy { breach in
            breach.scope.system == agent.system
                && [.r1, .r2, .r3].contains(breach.rule)
        }
        guard isOwn else { return .scope }
        // The first and the last hour that the interval touches, and how far a log reaches back.
        let tolerance = Limits.hoursToleranceMilliseconds
        let end = summary.to.advanced(byMilliseconds: tolerance)
        let start = summary.from.advanced(
            byMilliseconds: -tolerance - Timestamp.millisecondsPerHour)
        let reach = max(
            oldest, summary.from.advanced(byMilliseconds: -Limits.hoursBackMilliseconds)
        ).hourStart
        for row in summary.rows {
            guard row.hour <= end, row.hour >= reach else { return .hours }
            // Refusals happen when they happen: only what a log told may come late.
            if row.hour <= start, !row.denied.isEmpty { return .hours }
        }
        for line in summary.features where line.hour > end || line.hour < reach { return .hours }
        return nil
    }
}
