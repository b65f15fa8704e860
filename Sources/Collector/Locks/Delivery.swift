import Domain
import Platform
import Synchronization
import Wire

/// What agents are to hold, and who waits for it. Long-polls are answered at once when anything for them
/// changes; each request tells what its agent holds, so that "enforced" is proven and not assumed.
final class Delivery: Sendable {
    struct Signed {
        let jws: String
        let held: HeldVersion
        /// When it was put here, monotonic milliseconds.
        var since: Int64 = MonotonicClock.milliseconds()
    }

    /// How long an agent in contact may hold an older set than the present one.
    static let frozenMilliseconds: Int64 = 300_000

    struct Holding {
        var nation: HeldVersion?
        var system: HeldVersion?
        var policy: Version?
        var at: Int64
    }

    private struct Waiter {
        let pending: HTTPPending
        let system: SystemCode
        let holding: Holding
        let deadline: Int64
    }

    private struct State {
        var nation: Signed?
        var systems: [SystemCode: Signed] = [:]
        var policies: [SystemCode: (version: Version, jws: String)] = [:]
        var waiters: [Waiter] = []
        var holdings: [AgentID: Holding] = [:]
        /// Agents that told of other sets than before, to be written into the lock book. At most one
        /// entry an agent.
        var news: [AgentID: (holding: Holding, at: Timestamp)] = [:]

        mutating func note(_ agent: AgentID, _ holding: Holding) {
            let former = holdings.updateValue(holding, forKey: agent)
            if former?.nation != holding.nation || former?.system != holding.system {
                news[agent] = (holding, .now)
            }
        }
    }

    static let waitersMax = 20_000
    private let state = Mutex(State())

    /// Reads the present sets and policies, and answers whoever waits for a change.
    func refresh(_ records: Records) throws {
        func signed(_ audience: Audience) throws -> Signed? {
            guard let set = try records.lockSet(audience) else { return nil }
            let version = Version(generation: Schema.generation, counter: set.counter)
            return Signed(
                jws: set.jws, held: HeldVersion(version: version, digest: JWS.digest(set.jws)))
        }
        var systems: [SystemCode: Signed] = [:]
        var policies: [SystemCode: (version: Version, jws: String)] = [:]
        for system in try records.systems() {
            systems[system.code] = try signed(.system(system.code))
            if let policy = try records.storedPolicy(system.code) {
                policies[system.code] = (
                    Version(generation: Schema.generation, counter: policy.counter), policy.jws
                )
            }
        }
        let nation = try signed(.nation)
        let (newSystems, newPolicies) = (systems, policies)
        let due = state.withLock { state in
            state.nation = Self.kept(state.nation, nation)
            let former = state.systems
            state.systems = newSystems.reduce(into: [:]) {
                $0[$1.key] = Self.kept(former[$1.key], $1.value)
            }
            state.policies = newPolicies
            return takeDue(&state) { waiter, state in
                answer(waiter.system, waiter.holding, state) != nil
            }
        }
        complete(due)
    }

    /// A set that did not change keeps the time since when it is the present one.
    private static func kept(_ former: Signed?, _ new: Signed?) -> Signed? {
        former?.held == new?.held ? former : new
    }

    /// The set that an agent in contact should have held for long, when it holds another.
    func frozen(_ system: SystemCode, _ held: Summary.Held) -> (
        held: HeldVersion?, current: HeldVersion
    )? {
        let before = MonotonicClock.milliseconds() - Self.frozenMilliseconds
        return state.withLock { state in
            for (own, present) in [
                (held.nation, state.nation), (held.system, state.systems[system]),
            ] {
                if let present, present.held != own, present.since < before {
                    return (own, present.held)
                }
            }
            return nil
        }
    }

    /// An answer now when anything differs; else the request waits until `deadline` (monotonic milliseconds).
    func wait(
        _ agent: AgentID, _ system: SystemCode, _ holding: Holding, deadline: Int64,
        suspend: () -> HTTPPending
    ) -> HTTPOutcome {
        var late: HTTPPending?
        let now: LockSetAnswer? = state.withLock { state in
            state.note(agent, holding)
            if let answer = answer(system, holding, state) { return answer }
            guard deadline > MonotonicClock.milliseconds(), state.waiters.count < Self.waitersMax
            else {
                return nil
            }
            let pending = suspend()
            late = pending
            state.waiters.append(
                Waiter(pending: pending, system: system, holding: holding, deadline: deadline))
            return nil
        }
        if let now { return .reply(reply(now)) }
        return late == nil ? .reply(.empty(304)) : .later
    }

    func note(_ agent: AgentID, _ held: Summary.Held) {
        let holding = Holding(
            nation: held.nation, system: held.system, policy: held.policy,
            at: MonotonicClock.milliseconds())
        state.withLock { $0.note(agent, holding) }
    }

    /// What agents told since the last call, for the lock book's deliveries.
    func takeNews() -> [AgentID: (holding: Holding, at: Timestamp)] {
        state.withLock { state in
            defer { state.news = [:] }
            return state.news
        }
    }

    /// The deliveries could not be written: they are tried again.
    func giveBack(_ news: [AgentID: (holding: Holding, at: Timestamp)]) {
        state.withLock { $0.news.merge(news) { newer, _ in newer } }
    }

    /// What a push's answer brings along.
    func changes(_ system: SystemCode, _ held: Summary.Held) -> LockSetAnswer {
        let holding = Holding(nation: held.nation, system: held.system, policy: held.policy, at: 0)
        return state.withLock { answer(system, holding, $0) } ?? LockSetAnswer()
    }

    func policy(_ system: SystemCode) -> (version: Version, jws: String)? {
        state.withLock { $0.policies[system] }
    }

    func holding(_ agent: AgentID) -> Holding? { state.withLock { $0.holdings[agent] } }
    /// Whether an agent told that it holds the present set of its system.
    func isCurrent(_ agent: AgentID) -> Bool {
        state.withLock { $0.holdings[agent]?.system == $0.systems[agent.system]?.held }
    }

    func isCurrentNation(_ agent: AgentID) -> Bool {
        state.withLock { $0.holdings[agent]?.nation == $0.nation?.held }
    }

    var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Ends long-polls whose time is over. Called a few times a second.
    func tick() {
        let now = MonotonicClock.milliseconds()
        complete(
            state.withLock { state in takeDue(&state) { waiter, _ in waiter.deadline <= now } })
    }

    private func takeDue(_ state: inout State, _ isDue: (Waiter, State) -> Bool)
        -> [(HTTPPending, LockSetAnswer?)]
    {
        var due: [(HTTPPending, LockSetAnswer?)] = []
        var rest: [Waiter] = []
        for waiter in state.waiters {
            if isDue(waiter, state) {
                due.append((waiter.pending, answer(waiter.system, waiter.holding, state)))
            } else {
                rest.append(waiter)
            }
        }
        state.waiters = rest
        return due
    }

    private func complete(_ due: [(HTTPPending, LockSetAnswer?)]) {
        for (pending, answer) in due { pending.complete(answer.map(reply) ?? .empty(304)) }
    }

    private func answer(_ system: SystemCode, _ holding: Holding, _ state: State) -> LockSetAnswer?
    {
        var answer = LockSetAnswer()
        if let nation = state.nation, nation.held != holding.nation { answer.nation = nation.jws }
        if let set = state.systems[system], set.held != holding.system { answer.system = set.jws }
        if let policy = state.policies[system], policy.version != holding.policy {
            answer.policyVersion = policy.version
        }
        return answer.nation == nil && answer.system == nil && answer.policyVersion == nil
            ? nil : answer
    }

    private func reply(_ answer: LockSetAnswer) -> HTTPReply {
        HTTPReply.json((try? encodeJSON(answer)) ?? [])
    }
}
