import CollectorDelivery
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Tells which agents enforce a lock. Only the lock-set version that an agent told last proves it; it is never assumed.
package struct Acknowledgement {
    package let records: Records
    package let delivery: Delivery
    package let book: LockBook
    /// All agents, if they were read in advance; if nil, they are read for each lock.
    var everyAgent: [AgentRecord]?

    package init(
        records: Records, delivery: Delivery, book: LockBook, everyAgent: [AgentRecord]? = nil
    ) {
        self.records = records
        self.delivery = delivery
        self.book = book
        self.everyAgent = everyAgent
    }

    package struct Agents {
        package let concerned: [AgentID]
        let enforcing: Set<AgentID>
        /// When the stale agent that has been silent longest was last heard; nil if it never was.
        var staleSince: Timestamp?

        package init(
            concerned: [AgentID], enforcing: Set<AgentID>, staleSince: Timestamp? = nil
        ) {
            self.concerned = concerned
            self.enforcing = enforcing
            self.staleSince = staleSince
        }
        package var stale: [AgentID] { concerned.filter { !enforcing.contains($0) } }
    }

    package func agents(_ lock: LockRecord) throws -> Agents {
        let systems = try book.systems(of: lock.scope)
        let all = try (everyAgent ?? records.agents()).filter {
            !$0.isRevoked && systems.contains($0.system)
        }
        let enforcing = Set(
            all.map(\.id).filter { holds($0, lock, delivery.holding($0)) })
        let stale = all.filter { !enforcing.contains($0.id) }
        return Agents(
            concerned: all.map(\.id), enforcing: enforcing,
            staleSince: stale.compactMap(\.lastSeen).min())
    }

    package func holds(_ agent: AgentID, _ lock: LockRecord, _ holding: Delivery.Holding?) -> Bool {
        guard lock.state == .active, let sent = lock.setVersion, let holding else { return false }
        switch lock.scope {
        case .unit, .ipEverywhere: return holding.nation.map { $0.version >= sent } ?? false
        // A person's lock goes out in several sets, each of which carries it from a version of its own on.
        case .person: return holding.system != nil && delivery.isCurrent(agent)
        default: return holding.system.map { $0.version >= sent } ?? false
        }
    }

    /// Whether an agent said that it holds the present sets, and so knows what was released.
    package func isCurrent(_ agent: AgentID, _ scope: Scope) -> Bool {
        switch scope {
        case .unit, .ipEverywhere: delivery.isCurrentNation(agent)
        default: delivery.isCurrent(agent)
        }
    }

    package struct Note {
        package let lock: String
        package let agent: AgentID
        package let at: Timestamp
    }

    /// Returns which locks the agents with news hold. Only the first time counts for each lock and agent.
    package func notes(_ news: [AgentID: Delivery.News]) throws -> [Note] {
        let bySystem = Dictionary(grouping: news, by: { $0.key.system })
        var notes: [Note] = []
        for lock in try records.locks(state: .active) {
            let isPerson = if case .person = lock.scope { true } else { false }
            for system in try book.systems(of: lock.scope) {
                for (agent, told) in bySystem[system] ?? [] where holds(agent, lock, told.holding) {
                    // Sets are signed anew every hour; that is no news for an agent that held the lock before.
                    if !isPerson, holds(agent, lock, told.former) { continue }
                    notes.append(Note(lock: lock.id, agent: agent, at: told.at))
                }
            }
        }
        return notes
    }
}
