import Domain
import Synchronization

/// How often the push of an agent failed in the database, while those of others did not, since something new of it was
/// counted. In memory: after a start it is tried anew. One entry an agent whose push fails. Thread-safe.
///
/// Not by what was pushed: a long push is counted in parts that are never cut alike, so that the same summary fails as
/// the first of one and the last of another.
final class StuckPushes: Sendable {
    /// From this try on its summaries are taken one by one, and the one that fails is set aside.
    package static let triesMax = 4

    private let tries = Mutex<[AgentID: Int]>([:])

    /// Notes that it failed once more; which time this was.
    package func note(_ agent: AgentID) -> Int {
        tries.withLock { tries in
            let count = tries[agent, default: 0].adding(1)
            tries[agent] = count
            return count
        }
    }

    package func forget(_ agent: AgentID) {
        tries.withLock { if !$0.isEmpty { $0[agent] = nil } }
    }
}
