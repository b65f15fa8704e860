import CollectorValues
import Domain

/// What the agents take for the time, as they signed it. A unit has one voice, whatever its agents are many: no single
/// party moves the collector's clock. A *base* is a time less the time since boot, in milliseconds. Pure: readings come in.
struct Witnesses {
    /// A word is heard for as long as this.
    static let lifeMilliseconds: Int64 = 600_000
    /// Agents of one unit that are listened to: its voice is their median, and whoever enrols more of them takes no place
    /// from the agents of others.
    static let ofUnitMax = 64
    /// Agents of which it is known what their last token said: as many as one collector carries.
    static let tokensMax = 20_000

    private struct Word {
        let base: Int64
        let heardBoot: Int64

        func isFresh(at boot: Int64) -> Bool {
            boot.subtracting(heardBoot) <= Witnesses.lifeMilliseconds
        }
    }

    private struct Agent {
        /// By a token: the collector's time as the agent counted it on by itself.
        var token: Word?
        /// What that token said, milliseconds.
        var tokenTime: Int64 = .min
        /// By a summary: the clock of the agent's own machine, which owes nothing to the collector's.
        var machine: Word?

        /// What it says, the machine before the token; nil: nothing of late.
        func word(at boot: Int64) -> Int64? {
            if let machine, machine.isFresh(at: boot) { return machine.base }
            if let token, token.isFresh(at: boot) { return token.base }
            return nil
        }
    }

    private var units: [UnitCode: [AgentID: Agent]] = [:]
    /// What the last token said that was taken: an older one is somebody's copy.
    package private(set) var taken: [AgentID: Int64] = [:]

    /// What more than half of the units that were heard say, each within five minutes of the others.
    package struct Verdict: Equatable {
        package let base: Int64
        package let units: Int
    }

    /// One that is not newer than the last one taken, or than what was heard of late, says nothing: whoever kept it may
    /// show it at any time.
    package mutating func hear(token time: Int64, of agent: AgentID, at boot: Int64) {
        guard time > taken[agent] ?? .min else { return }
        hear(agent, at: boot) { known in
            // An agent whose own time was set back is heard again when its former word is over.
            if let token = known.token, token.isFresh(at: boot), time <= known.tokenTime { return }
            known.token = Word(base: time.subtracting(boot), heardBoot: boot)
            known.tokenTime = time
        }
    }

    /// A token fitted the time, which nothing contradicted.
    package mutating func took(token time: Int64, of agent: AgentID) {
        guard taken[agent] != nil || taken.count < Self.tokensMax else { return }
        taken[agent] = max(time, taken[agent] ?? time)
    }

    /// The time is found to be another: what was taken by one that was ahead holds no agent back.
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

    /// Its key was revoked: it says nothing more.
    package mutating func drop(_ agent: AgentID) {
        units[agent.system.unit]?[agent] = nil
        taken[agent] = nil
    }

    /// What was said before the clock was moved may have been said of that clock.
    package mutating func forget() { units = [:] }

    /// Nil: fewer units than `least` agree, or no more than half of those heard.
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

    /// Of at least one; the lower of two in the middle.
    private static func median(_ values: [Int64]) -> Int64 {
        values.sorted()[(values.count - 1) / 2]
    }
}
