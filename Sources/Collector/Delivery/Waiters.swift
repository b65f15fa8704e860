import Domain
import Platform

/// Agents that wait for a change of what they hold. Each has one long-poll; a newer one ends the one before. Not
/// thread-safe.
struct Waiters {
    package struct Waiter {
        package let pending: HTTPPending
        package let system: SystemCode
        package let holding: Delivery.Holding
        /// In monotonic milliseconds.
        package let deadline: Int64
    }

    /// The most waiting agents; further ones are told to come again later.
    package static let countMax = 20_000
    private static let slotMilliseconds: Int64 = 250

    private var waiters: [AgentID: Waiter] = [:]
    /// Agents that may be due in each slot of time, so that a look at the clock does not touch all of them.
    private var slots: [Int64: [AgentID]] = [:]
    private var nextSlot = Int64.max

    package var count: Int { waiters.count }

    package var isFull: Bool { waiters.count >= Self.countMax }

    /// Returns the agent's former wait, which the caller must answer.
    package mutating func add(_ waiter: Waiter, of agent: AgentID) -> HTTPPending? {
        let slot = waiter.deadline / Self.slotMilliseconds
        slots[slot, default: []].append(agent)
        nextSlot = min(nextSlot, slot)
        return waiters.updateValue(waiter, forKey: agent)?.pending
    }

    /// Removes and returns those whose time is over.
    mutating func takeOver(at now: Int64) -> [Waiter] {
        let current = now / Self.slotMilliseconds
        guard nextSlot <= current else { return [] }
        var over: [Waiter] = []
        for slot in slots.keys.filter({ $0 <= current }) {
            for agent in slots.removeValue(forKey: slot) ?? [] {
                guard let waiter = waiters[agent] else { continue }
                if waiter.deadline <= now {
                    over.append(waiter)
                    waiters[agent] = nil
                } else if waiter.deadline / Self.slotMilliseconds == slot {
                    slots[slot, default: []].append(agent)
                }
            }
        }
        nextSlot = slots.keys.min() ?? Int64.max
        return over
    }

    package mutating func take(where isDue: (Waiter) -> Bool) -> [Waiter] {
        var due: [Waiter] = []
        for (agent, waiter) in waiters where isDue(waiter) {
            due.append(waiter)
            waiters[agent] = nil
        }
        return due
    }
}
