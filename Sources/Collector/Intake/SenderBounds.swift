import CollectorRegistry
import CollectorValues
import Domain
import Platform
import Wire

/// Checks that a summary tells only what its sender may tell: of its own system, of possible times, and of hours that
/// its interval covers. Any other summary is refused for good, whoever sends it (docs/wire-format.md, "Who may say
/// what"). The numbers of the summary must be plausible. Touches no database.
struct SenderBounds {
    package let agent: AgentRecord
    package let now: Timestamp

    package enum Problem: String {
        /// It has a breach of another system, or of something that no agent counts.
        case scope
        /// The interval is from before the agent existed, or too far in the future for any clock.
        case times
        /// It has rows or features of hours that the interval does not cover.
        case hours
    }

    /// Returns nil if the summary is within bounds. If the collector's clock was ahead at enrolment, `enrolledAt` is in
    /// the future, so the present counts too.
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
            // A refusal is counted when it happens; only what a log tells may come late.
            if row.hour <= start, !row.denied.isEmpty { return .hours }
        }
        for line in summary.features where line.hour > end || line.hour < reach { return .hours }
        return nil
    }
}
