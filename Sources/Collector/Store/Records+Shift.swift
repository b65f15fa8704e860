import CollectorValues
import Domain
import Platform

/// The queries of a shift report.
extension Records {
    /// Counts what happened to alerts within a period, by rule and event (`alert.new`, `alert.raised`, `resolved`).
    package func alertEvents(in period: Range<Timestamp>) throws
        -> [(rule: String, event: String, count: Int64)]
    {
        try db.rows(
            """
            SELECT a.rule, e.event, COUNT(*) FROM alert_event e JOIN alert a ON a.id = e.alert
            WHERE e.at_ms >= ? AND e.at_ms < ? GROUP BY a.rule, e.event ORDER BY a.rule, e.event
            """, period.lowerBound.value, period.upperBound.value
        ) { ($0.text(0), $0.text(1), $0.integer(2)) }
    }

    package func openAlerts() throws -> [(rule: String, count: Int64)] {
        try db.rows(
            "SELECT rule, COUNT(*) FROM alert WHERE state = 'open' GROUP BY rule ORDER BY rule"
        ) { ($0.text(0), $0.integer(1)) }
    }

    package struct IntegrityFinding {
        package let rule: String, kind: String, scope: String, state: String
        package let at: Timestamp
        package let message: Localized
    }

    /// Returns the findings about the figures themselves (I1–I3) that were seen within a period.
    package func integrityFindings(in period: Range<Timestamp>) throws -> [IntegrityFinding] {
        try db.rows(
            """
            SELECT rule, kind, scope, state, at_ms, vi, en FROM alert WHERE rule IN ('I1', 'I2', 'I3')
            AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id LIMIT 1000
            """, period.lowerBound.value, period.upperBound.value
        ) { row in
            IntegrityFinding(
                rule: row.text(0), kind: row.text(1), scope: row.text(2), state: row.text(3),
                at: Timestamp(milliseconds: row.integer(4)),
                message: Localized(vi: row.text(5), en: row.text(6)))
        }
    }

    /// Returns the locks that changed within a period, and the proposals that are waiting.
    package func locksChanged(in period: Range<Timestamp>) throws -> [LockRecord] {
        try locks().filter { lock in
            lock.state == .proposed || period.contains(lock.issuedAt)
                || lock.approvedAt.map(period.contains) ?? false
                || lock.endedAt.map(period.contains) ?? false
        }
    }
}
