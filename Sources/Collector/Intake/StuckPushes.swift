import Domain
import Synchronization

/// Counts how often the push of an agent failed in the database, while those of others did not, since anything new of
/// it was counted. Kept in memory, so a start begins anew; one entry for each agent whose push fails. Thread-safe.
///
/// It does not go by content: a long push is counted in parts that are never cut alike, so the same summary fails as
/// the first of one part and the last of another.
final class StuckPushes: Sendable {
    /// From this try on, the agent's summaries are taken one by one, and the one that fails is set aside.
    package static let triesMax = 4

    private let tries = Mutex<[AgentID: Int]>([:])

    /// Notes one more failure, and returns how many there have been.
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
