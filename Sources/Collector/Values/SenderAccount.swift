import Domain
import Wire

/// What one agent has sent of late, measured by the time that its summaries cover, and what it held when it last spoke.
///
/// A bucket that drains by covered time: a backlog of months, told in minutes, is taken; the same hour told again and
/// again, in parts or after times that "came back", drains nothing. Of a long time that one summary covers (the agent was
/// down, or away) a tenth of what might have been told is kept as credit, which makes the level negative: what logs
/// tell of that time comes after it. Credit is for as far as logs reach back, and is gone after a day that is told
/// without a break.
package struct SenderAccount: Equatable {
    /// Covered up to here; never after the collector's own time, so that a clock that was ahead does not stop the drain
    /// when it comes back.
    package var reached: Timestamp
    package var bytes: Int64 = 0
    package var rows: Int64 = 0
    package var alerts: Int64 = 0
    package var queries: Int64 = 0
    /// The versions of the lock sets that it told last, each with the time from which its queries are judged by it.
    package var nation: HeldSince?
    package var system: HeldSince?
    /// One of this push was beyond the quota: what follows in it is not looked at again. Not kept.
    package var isOver = false
    /// Where the last summary ends that was counted, also of a clock that was ahead; nil: none was.
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

    /// Takes a summary's cost. False, and nothing is taken: it is beyond the quota. `accounts`: how many its system has
    /// registered, asked only where the plain quota does not do.
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

    /// Longer than any interval that an agent tells while it runs and is in contact.
    private static let stretchMilliseconds = 2 * Timestamp.millisecondsPerHour
    /// Of what an hour drains, this part of it is credit.
    private static let creditPart: Int64 = 10
    private static let creditHours = Limits.hoursBackMilliseconds / Timestamp.millisecondsPerHour
    /// So many hours' drain go with each hour told, so that all credit is gone in a day.
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

    /// Notes what a counted summary told that its agent holds. An agent signs with what it holds then, a moment after the
    /// interval ended; where that moment is long, it may have taken the set since, and only later queries are judged.
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
