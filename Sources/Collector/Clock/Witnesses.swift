import CollectorValues
import Domain

/// What the agents take for the time, as they signed it. A unit has one voice, however many agents it has, so that no
/// single party moves the collector's clock. A *base* is a time minus the time since boot, in milliseconds. This has no
/// clock: readings are passed in. Not thread-safe.
struct Witnesses {
    /// What an agent said counts for this long.
    static let lifeMilliseconds: Int64 = 600_000
    /// The most agents of a unit that are heard. Its voice is their median, so a unit that enrols more of them takes no
    /// place from the agents of others.
    static let ofUnitMax = 64
    /// The most agents whose last accepted token is known: as many as one collector serves.
    static let tokensMax = 20_000

    private struct Word {
        let base: Int64
        let heardBoot: Int64

        func isFresh(at boot: Int64) -> Bool {
            boot.subtracting(heardBoot) <= Witnesses.lifeMilliseconds
        }
    }

    private struct Agent {
        /// From a token: the collector's time, as the agent has counted it on by itself.
        var token: Word?
        /// The time in milliseconds that the token claims.
        var tokenTime: Int64 = .min
        /// From a summary: the clock of the agent's own machine, which does not depend on the collector's.
        var machine: Word?

        /// What the agent says: its machine's clock rather than the token; nil if it said nothing of late.
        func word(at boot: Int64) -> Int64? {
            if let machine, machine.isFresh(at: boot) { return machine.base }
            if let token, token.isFresh(at: boot) { return token.base }
            return nil
        }
    }

    private var units: [UnitCode: [AgentID: Agent]] = [:]
    /// The time that each agent's last accepted token claims. An older token may be somebody's copy.
    package private(set) var taken: [AgentID: Int64] = [:]

    /// What more than half of the heard units say, each within five minutes of the others.
    package struct Verdict: Equatable {
        package let base: Int64
        package let units: Int
    }

    /// Ignores a token that is not newer than the last accepted one, or than what was heard of late, because whoever
    /// kept a copy may show it at any time.
    package mutating func hear(token time: Int64, of agent: AgentID, at boot: Int64) {
        guard time > taken[agent] ?? .min else { return }
        hear(agent, at: boot) { known in
            // An agent whose own time was set back is heard again once its former word has expired.
            if let token = known.token, token.isFresh(at: boot), time <= known.tokenTime { return }
            known.token = Word(base: time.subtracting(boot), heardBoot: boot)
            known.tokenTime = time
        }
    }

    /// Notes a token that fitted the time, which nothing contradicted.
    package mutating func took(token time: Int64, of agent: AgentID) {
        guard taken[agent] != nil || taken.count < Self.tokensMax else { return }
        taken[agent] = max(time, taken[agent] ?? time)
    }

    /// Called when another time turns out to be right. Tokens accepted by a clock that was ahead must not silence
    /// agents.
    package mutating func trim(after time: Int64) {
        taken = taken.filter { $0.value <= time.adding(ClockJudge.toleranceMilliseconds) }
    }

    package mutating func hear(machine time: Int64, of agent: AgentID, at boot: Int64) {
        hear(agent, at: boot) {
            $0.machine = Word(base: time.subtracting(boot), heardBoot: boot)
        }
    }

    private mutating func hear(_ id: AgentID, at boot: Int64, _ change: (inout Agent) -> Void) {
        var agents = units[id.system.unit] ?? [:]
        if agents[id] == nil, agents.count >= Self.ofUnitMax {
            agents = agents.filter { $0.value.word(at: boot) != nil }
        }
        if agents[id] != nil || agents.count < Self.ofUnitMax {
            change(&agents[id, default: Agent()])
        }
        units[id.system.unit] = agents
    }

    /// Forgets an agent whose key was revoked.
    package mutating func drop(_ agent: AgentID) {
        units[agent.system.unit]?[agent] = nil
        taken[agent] = nil
    }

    /// Called when the clock was moved, because what was said before may have followed that clock.
    package mutating func forget() { units = [:] }

    /// Returns nil if fewer units than `least` agree, or no more than half of those heard.
    package func verdict(at boot: Int64, least: Int) -> Verdict? {
        let voices = units.values.compactMap { agents -> Int64? in
            let words = agents.values.compactMap { $0.word(at: boot) }
            return words.isEmpty ? nil : Self.median(words)
        }
        guard !voices.isEmpty else { return nil }
        let middle = Self.median(voices)
        let agreeing = voices.filter {
            abs($0.subtracting(middle)) <= ClockJudge.toleranceMilliseconds
        }
        guard agreeing.count >= least, agreeing.count * 2 > voices.count else { return nil }
        return Verdict(base: Self.median(agreeing), units: agreeing.count)
    }

    /// The lower median; there must be at least one value.
    private static func median(_ values: [Int64]) -> Int64 {
        values.sorted()[(values.count - 1) / 2]
    }
}
