import Domain
import Wire

/// What one agent has sent of late, measured by the time that its summaries cover, and what it held when it last spoke.
///
/// A bucket that drains by covered time: a backlog of months, told in minutes, is taken; the same hour told again and
/// again, in parts or after times that "came back", drains nothing.
struct SenderAccount: Equatable {
    /// Covered up to here; never after the collector's own time, so that a clock that was ahead does not stop the drain
    /// when it comes back.
    var reached: Timestamp
    var bytes: Int64 = 0
    var rows: Int64 = 0
    var alerts: Int64 = 0
    var queries: Int64 = 0
    /// The versions of the lock sets that it told last, each with the time from which its queries are judged by it.
    var nation: HeldSince?
    var system: HeldSince?

    struct HeldSince: Equatable {
        let version: Version
        let since: Timestamp
    }

    /// What a summary costs.
    struct Cost {
        let bytes: Int64
        let rows: Int64
        let alerts: Int64
        let queries: Int64

        init(_ summary: Summary, bytes: Int) {
            self.bytes = Int64(bytes)
            rows = Int64(
                summary.rows.count + summary.features.count + summary.breaches.count
                    + summary.refusals.count)
            alerts = Int64(summary.breaches.count)
            queries = summary.rows.reduce(0) {
                $0.adding($1.allowed).adding($1.passed).adding($1.deniedTotal)
            }
        }
    }

    /// Takes a summary's cost. False, and nothing is taken: it is beyond the quota. `accounts`: how many its system has
    /// registered, asked only where the plain quota does not do.
    mutating func take(
        _ cost: Cost, to: Timestamp, now: Timestamp, accounts: () throws -> Int64
    ) rethrows -> Bool {
        let end = max(reached, min(to, now))
        let covered = end.milliseconds - reached.milliseconds
        guard take(cost, covered: covered, accounts: 0) else {
            guard take(cost, covered: covered, accounts: try accounts()) else { return false }
            reached = end
            return true
        }
        reached = end
        return true
    }

    private mutating func take(_ cost: Cost, covered: Int64, accounts: Int64) -> Bool {
        let drain = AgentQuota.perHour(accounts: accounts)
        let most = AgentQuota.atOnce(accounts: accounts)
        func left(_ level: Int64, _ perHour: Int64) -> Int64 {
            let (product, isOver) = perHour.multipliedReportingOverflow(by: covered)
            return isOver ? 0 : max(0, level - product / Timestamp.millisecondsPerHour)
        }
        let new = (
            bytes: left(bytes, drain.bytes).adding(cost.bytes),
            rows: left(rows, drain.rows).adding(cost.rows),
            alerts: left(alerts, drain.alerts).adding(cost.alerts),
            queries: left(queries, drain.queries).adding(cost.queries)
        )
        guard new.bytes <= most.bytes, new.rows <= most.rows, new.alerts <= most.alerts,
            new.queries <= most.queries
        else { return false }
        (bytes, rows, alerts, queries) = new
        return true
    }

    /// Notes what a counted summary told that its agent holds. An agent signs with what it holds then, a moment after the
    /// interval ended; where that moment is long, it may have taken the set since, and only later queries are judged.
    mutating func hold(_ held: Summary.Held, to: Timestamp, now: Timestamp) {
        let since = now.milliseconds - to.milliseconds <= Self.signingMilliseconds ? to : now
        func next(_ told: HeldVersion?, _ former: HeldSince?) -> HeldSince? {
            guard let told else { return nil }
            if let former, former.version == told.version { return former }
            return HeldSince(version: told.version, since: since)
        }
        nation = next(held.nation, nation)
        system = next(held.system, system)
    }

    static let signingMilliseconds: Int64 = 2000
}
