import Domain
import Platform

extension Courier {
    /// Keeps the outbox within its bounds, and reports what had to go.
    func keepBounds(byAge isAgeDue: Bool) {
        do {
            try outbox.mergeHours()
            let sure = clock.sureNow
            tell(try outbox.enforceBounds(sure: sure, byAge: isAgeDue))
            if isAgeDue { try outbox.prune(sure: sure) }
            troubles.clear(.bounds)
        } catch {
            storageTrouble(.bounds, error)
        }
    }

    private func tell(_ loss: OutboxLoss) {
        for (what, count) in [
            ("intervals", loss.intervals), ("rows", loss.rows), ("queries", loss.queries),
            ("kept", loss.kept), ("refused", loss.refused),
        ] where count > 0 {
            metrics.add("chot_agent_outbox_dropped_total", "what=\"\(what)\"", count)
        }
        if loss.intervals > 0 {
            Log.error(
                "the outbox is full: the oldest counts that waited for the collector are dropped, and their time will be named as missing",
                ["intervals": loss.intervals, "rows": loss.rows, "queries": loss.queries])
        }
        if loss.refused > 0 {
            Log.warning(
                "the outbox is full: summaries that the collector refused are kept no longer; their counts were told as lost",
                ["summaries": loss.refused])
        }
        if loss.kept > 0 {
            Log.warning(
                "the outbox is full: summaries that were acknowledged are kept no longer; a collector restored from a backup older than them would miss them",
                ["summaries": loss.kept])
        }
    }
}
