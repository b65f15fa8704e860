import Domain
import Platform
import Wire

/// What a collector accepts, and what becomes of a summary that it refused.
extension Courier {
    func fit(_ rules: GateRules, _ now: Timestamp) -> SummaryFit {
        let calendar = rules.policy.calendar
        return SummaryFit(
            system: identity.system, enrolledAt: identity.enrolledAt, now: now,
            window: { calendar.window(at: $0).kind })
    }

    /// Whether a refused summary can still be told, in other words and under a new number: an earlier version made
    /// it, with what collectors no longer take or with too much. What this version made is refused once and for all.
    func mayTellAgain(_ sent: Outbox.Signed, _ problem: String?) throws -> Bool {
        guard let problem, ["malformed", "times", "hours", "scope", "quota"].contains(problem),
            let told = try outbox.told(sent.epoch, sent.seq)
        else { return false }
        let rules = checkpoint.rules
        guard problem == "quota" else { return fit(rules, clock.now()).fitted(told) != told }
        var smaller = told
        SentQuota.fold(&smaller, rules)
        SentQuota.leaveOutFeatures(of: &smaller)
        guard smaller != told else { return false }
        quota.withLock { $0.fill() }
        return true
    }

    /// Sets aside a summary that was refused for good.
    func setAside(_ sent: Outbox.Signed, _ problem: String?) throws {
        let queries = try outbox.setAside(sent.epoch, sent.seq) ?? 0
        metrics.add("chot_agent_summaries_refused_total")
        metrics.add("chot_agent_refused_summary_queries_total", "", queries)
        Log.error(
            "the collector refused a summary; it is set aside, and its counts are told as lost",
            [
                "agent": identity.agent, "seq": sent.seq, "problem": problem ?? "?",
                "queries": queries,
            ])
    }
}
