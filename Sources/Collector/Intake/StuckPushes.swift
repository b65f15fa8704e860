import Domain
import Synchronization

/// How often the push of an agent failed in the database while those of others did not. In memory: after a start it is
/// tried anew. One entry an agent whose push fails. Thread-safe.
final class StuckPushes: Sendable {
    /// From this try on its summaries are taken one by one, and the one that fails is set aside.
    static let triesMax = 4

    private struct Stuck {
        let hash: String
        var tries: Int
    }

    private let known = Mutex<[AgentID: Stuck]>([:])

    /// Notes that it failed once more; which time this was.
    func note(_ push: Intake.Push) -> Int {
        let hash =
            push.items.lazy.compactMap { item -> String? in
                if case .summary(_, _, let hash) = item { hash } else { nil }
            }.first ?? ""
        return known.withLock { known in
            var stuck = known[push.agent] ?? Stuck(hash: hash, tries: 0)
            if stuck.hash != hash { stuck = Stuck(hash: hash, tries: 0) }
            stuck.tries += 1
            known[push.agent] = stuck
            return stuck.tries
        }
    }

    func forget(_ agent: AgentID) {
        known.withLock { if !$0.isEmpty { $0[agent] = nil } }
    }
}
