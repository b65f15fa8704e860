import Domain

/// What the agents take for the time, as they signed it. A unit has one voice, whatever its agents are many: no single
/// party moves the collector's clock. A *base* is a time less the time since boot, in milliseconds. Pure: readings come in.
struct Witnesses {
    /// A word is heard for as long as this.
    static let lifeMilliseconds: Int64 = 600_000
    /// As many agents as one collector carries.
    static let agentsMax = 20_000

    private struct Word {
        let base: Int64
        let heardBoot: Int64
    }

    private struct Agent {
        /// By a token: the collector's time as the agent counted it on by itself.
        var token: Word?
        /// By a summary: the clock of the agent's own machine, which owes nothing to the collector's.
        var machine: Word?
    }

    private var agents: [AgentID: Agent] = [:]

    /// What more than half of the units that were heard say, each within five minutes of the others.
    struct Verdict: Equatable {
        let base: Int64
        let units: Int
    }

    mutating func hear(token time: Int64, of agent: AgentID, at boot: Int64) {
        hear(agent) { $0.token = Word(base: time - boot, heardBoot: boot) }
    }

    mutating func hear(machine time: Int64, of agent: AgentID, at boot: Int64) {
        hear(agent) { $0.machine = Word(base: time - boot, heardBoot: boot) }
    }

    private mutating func hear(_ agent: AgentID, _ change: (inout Agent) -> Void) {
        guard agents[agent] != nil || agents.count < Self.agentsMax else { return }
        change(&agents[agent, default: Agent()])
    }

    /// What was said before the clock was moved may have been said of that clock.
    mutating func forget() { agents = [:] }

    /// Nil: fewer units than `least` agree, or no more than half of those heard.
    func verdict(at boot: Int64, least: Int) -> Verdict? {
        var byUnit: [UnitCode: [Int64]] = [:]
        for (id, agent) in agents {
            let fresh = [agent.machine, agent.token].compactMap { $0 }.first {
                boot - $0.heardBoot <= Self.lifeMilliseconds
            }
            if let fresh { byUnit[id.system.unit, default: []].append(fresh.base) }
        }
        let voices = byUnit.values.map(Self.median)
        guard !voices.isEmpty else { return nil }
        let middle = Self.median(voices)
        let agreeing = voices.filter {
            abs($0 - middle) <= ClockJudge.toleranceMilliseconds
        }
        guard agreeing.count >= least, agreeing.count * 2 > voices.count else { return nil }
        return Verdict(base: Self.median(agreeing), units: agreeing.count)
    }

    /// Of at least one; the lower of two in the middle.
    private static func median(_ values: [Int64]) -> Int64 {
        values.sorted()[(values.count - 1) / 2]
    }
}
