import Domain
import Wire

/// What one agent has sent of late, measured against the time its summaries cover, and what it held when it last spoke.
///
/// It is a bucket that drains by covered time. So a backlog of months that is told within minutes is taken, while the
/// same hour told again and again, in parts or after times that "came back", drains nothing. When one summary covers a
/// long time (the agent was down or out of contact), a tenth of what it might have told is kept as credit, which makes
/// the level negative: what logs tell of that time comes after it. Credit reaches as far as logs reach back, and is
/// used up by a day that is told without a break.
package struct SenderAccount: Equatable {
    /// Time is covered up to here. It is never later than the collector's own time, so that an agent's clock that was
    /// ahead does not stop the drain once it is set back.
    package var reached: Timestamp
    package var bytes: Int64 = 0
    package var rows: Int64 = 0
    package var alerts: Int64 = 0
    package var queries: Int64 = 0
    /// The versions of the lock sets that the agent told last, each with the time from which its queries are judged by
    /// it.
    package var nation: HeldSince?
    package var system: HeldSince?
    /// A summary of this push was beyond the quota, so what follows in it is not checked again. Not stored.
    package var isOver = false
    /// Where the last counted summary ends, even if the agent's clock was ahead; nil if none was counted.
    package var told: Timestamp?

    package init(
        reached: Timestamp, bytes: Int64 = 0, rows: Int64 = 0, alerts: Int64 = 0,
        queries: Int64 = 0, nation: HeldSince? = nil, system: HeldSince? = nil,
        isOver: Bool = false, told: Timestamp? = nil
    ) {
        self.reached = reached
        self.bytes = bytes
        self.rows = rows
        self.alerts = alerts
        self.queries = queries
        self.nation = nation
        self.system = system
        self.isOver = isOver
        self.told = told
    }

    package struct HeldSince: Equatable {
        package let version: Version
        package let since: Timestamp

        package init(
            version: Version, since: Timestamp
        ) {
            self.version = version
            self.since = since
        }
    }

    /// What a summary costs.
    package struct Cost {
        package let bytes: Int64
        package let rows: Int64
        package let alerts: Int64
        package let queries: Int64

        package init(bytes: Int64, rows: Int64, alerts: Int64, queries: Int64) {
            self.bytes = bytes
            self.rows = rows
            self.alerts = alerts
            self.queries = queries
        }

        package init(_ summary: Summary, bytes: Int) {
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

    /// Charges a summary's cost. Returns false, and charges nothing, if that is beyond the quota. `accounts` returns
    /// how many accounts the system has registered; it is called only if the plain quota is not enough.
    package mutating func take(
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

    /// Longer than any interval that a running agent in contact tells.
    private static let stretchMilliseconds = 2 * Timestamp.millisecondsPerHour
    /// One part in so many of what an hour drains becomes credit.
    private static let creditPart: Int64 = 10
    private static let creditHours = Limits.hoursBackMilliseconds / Timestamp.millisecondsPerHour
    /// Each hour told takes so many hours' drain off the credit, so that all of it is gone in a day.
    private static let creditLossPerHour = creditHours / creditPart / 24 + 1

    private mutating func take(_ cost: Cost, covered: Int64, accounts: Int64) -> Bool {
        let drain = AgentQuota.perHour(accounts: accounts)
        let most = AgentQuota.atOnce(accounts: accounts)
        func left(_ level: Int64, _ perHour: Int64) -> Int64 {
            let drained = perHour.multiplied(by: covered) / Timestamp.millisecondsPerHour
            guard covered >= Self.stretchMilliseconds else {
                return level < 0
                    ? min(0, level.adding(drained.multiplied(by: Self.creditLossPerHour)))
                    : max(0, level.subtracting(drained))
            }
            let over = drained.subtracting(max(0, level))
            let kept = over <= 0 ? 0 : over / Self.creditPart
            let most = perHour.multiplied(by: Self.creditHours) / Self.creditPart
            return over <= 0 ? -over : max(-most, min(0, level).subtracting(kept))
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

    /// Notes which lock sets a counted summary says its agent holds. An agent signs with the sets it holds at that
    /// moment, shortly after the interval ended. If that was long after, the agent may have taken the set in between,
    /// so only later queries are judged by it.
    package mutating func hold(_ held: Summary.Held, to: Timestamp, now: Timestamp) {
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
