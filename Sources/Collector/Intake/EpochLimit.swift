import Domain
import Platform
import Synchronization

/// How often an agent may begin a new epoch: a sick or hostile one must not fill the audit log. In memory; one
/// entry an agent that asked lately. Thread-safe.
final class EpochLimit: Sendable {
    /// More than an honest agent asks for: it may take six at once, and then one every two minutes.
    static let size: Int64 = 30
    static let everyMilliseconds: Int64 = 60_000

    private let buckets = Mutex<[AgentID: TokenBucket]>([:])

    /// Takes one: nil; else how many seconds to wait for it.
    func take(_ agent: AgentID, at now: Int64 = MonotonicClock.milliseconds()) -> Int64? {
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
}
