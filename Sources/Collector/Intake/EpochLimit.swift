import CollectorValues
import Domain
import Platform
import Synchronization

/// Limits how often an agent may begin a new epoch, so that a broken or hostile one cannot fill the audit log. Kept in
/// memory, with one entry for each agent that asked lately. Thread-safe.
final class EpochLimit: Sendable {
    /// More than an honest agent asks for, which takes up to six at once and then one every two minutes.
    package static let size: Int64 = 30
    package static let everyMilliseconds: Int64 = 60_000

    private let buckets = Mutex<[AgentID: TokenBucket]>([:])

    /// Takes one epoch and returns nil, or returns how many seconds to wait.
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

    /// The highest epoch that an agent can be at. Every epoch was given here, so an agent is ahead of its record only
    /// if this database is older than what agents saw (it was restored, or put back with its machine). Then the agent
    /// may be ahead by what it could have been given since the last time counted here, plus twice the burst for
    /// restarts on both sides.
    static func highest(of agent: AgentRecord, at now: Timestamp) -> Int64 {
        let away = max(0, now.milliseconds.subtracting(agent.coveredTo.milliseconds))
        return agent.epoch.adding((2 * size).adding(away / everyMilliseconds))
    }
}
