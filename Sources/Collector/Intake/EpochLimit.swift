import CollectorValues
import Domain
import Platform
import Synchronization

/// How often an agent may begin a new epoch: a sick or hostile one must not fill the audit log. In memory; one
/// entry an agent that asked lately. Thread-safe.
final class EpochLimit: Sendable {
    /// More than an honest agent asks for: it may take six at once, and then one every two minutes.
    package static let size: Int64 = 30
    package static let everyMilliseconds: Int64 = 60_000

    private let buckets = Mutex<[AgentID: TokenBucket]>([:])

    /// Takes one: nil; else how many seconds to wait for it.
    package func take(_ agent: AgentID, at now: Int64 = MonotonicClock.milliseconds()) -> Int64? {
        buckets.withLock { buckets in
            if buckets.count > 1000 { buckets = buckets.filter { !$0.value.isFull(at: now) } }
            let wait =
                buckets[
                    agent,
                    default: TokenBucket(
                        size: Self.size, everyMilliseconds: Self.everyMilliseconds)
                ].take(at: now)
            return wait > 0 ? (wait + 999) / 1000 : nil
        }
    }

    /// The highest epoch that an agent may be at. Every epoch of an agent was given here, so it is ahead of its record only
    /// where this database is older than what agents saw (restored, or put back with its machine): by what it may
    /// have been given since the last time that is counted here, and twice the burst, for restarts on both sides.
    static func highest(of agent: AgentRecord, at now: Timestamp) -> Int64 {
        let away = max(0, now.milliseconds.subtracting(agent.coveredTo.milliseconds))
        return agent.epoch.adding((2 * size).adding(away / everyMilliseconds))
    }
}
