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

    private struct State {
        var nation: Signed?
        var systems: [SystemCode: Signed] = [:]
        var policies: [SystemCode: (version: Version, jws: String)] = [:]
        var waiters = Waiters()
        /// Answers to who holds what, made once for all that hold the same; forgotten when a set changes.
        var answers: [AnswerKey: HTTPPreparedReply] = [:]
        var holdings: [AgentID: Holding] = [:]
        /// Agents that told of other sets than before, to be written into the lock book. At most one
        /// entry an agent.
        var news: [AgentID: (holding: Holding, at: Timestamp)] = [:]

        mutating func put(_ set: Signed, _ audience: Audience) {
            func isNews(_ former: Signed?) -> Bool {
                former.map { $0.held.version < set.held.version } ?? true
            }
            switch audience {
            case .nation: if isNews(nation) { nation = set }
            case .system(let code): if isNews(systems[code]) { systems[code] = set }
            }
        }

        mutating func note(_ agent: AgentID, _ holding: Holding) {
            let former = holdings.updateValue(holding, forKey: agent)
            if former?.nation != holding.nation || former?.system != holding.system {
                news[agent] = (holding, .now)
            }
        }
    }

    /// Which of what a system is to hold an answer carries.
    private struct AnswerKey: Hashable {
        let system: SystemCode
        let hasNation: Bool, hasSystem: Bool, hasPolicy: Bool
    }

    private let state = Mutex(State())

    /// Reads the sets and policies that changed, and answers whoever waits for them. What is here is never replaced by
    /// something older: two may read at the same time.
    func refresh(_ records: Records) throws {
        let (nation, systems, policies) = state.withLock { state in
            (
                state.nation?.held.version.counter,
                state.systems.mapValues(\.held.version.counter),
                state.policies.mapValues(\.version.counter)
            )
        }
        var changed: [(audience: Audience, set: Signed)] = []
        for (audience, counter) in try records.lockSetCounters() {
            let known =
                switch audience {
                case .nation: nation
                case .system(let code): systems[code]
                }
            guard known != counter, let set = try records.lockSet(audience) else { continue }
            let version = Version(generation: Schema.generation, counter: set.counter)
            let held = HeldVersion(version: version, digest: JWS.digest(set.jws))
            changed.append((audience, Signed(jws: set.jws, held: held)))
        }
        var changedPolicies: [(system: SystemCode, version: Version, jws: String)] = []
        for (system, counter) in try records.policyCounters() where policies[system] != counter {
            guard let policy = try records.storedPolicy(system) else { continue }
            let version = Version(generation: Schema.generation, counter: policy.counter)
            changedPolicies.append((system, version, policy.jws))
        }
        guard !changed.isEmpty || !changedPolicies.isEmpty else { return }
        let (sets, newPolicies) = (changed, changedPolicies)
        complete(
            state.withLock { state in
                for (audience, set) in sets { state.put(set, audience) }
                for (system, version, jws) in newPolicies {
                    if let former = state.policies[system], former.version > version { continue }
                    state.policies[system] = (version, jws)
                }
                state.answers = [:]
                let present = state
                let due = state.waiters.take {
                    answerKey($0.system, $0.holding, present) != nil
                }
                return due.map { ($0.pending, answer($0.system, $0.holding, &state)) }
            })
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
        var former: HTTPPending?
        let outcome: HTTPOutcome = state.withLock { state in
            state.note(agent, holding)
            if let answer = answer(system, holding, &state) { return .prepared(answer) }
            guard deadline > MonotonicClock.milliseconds() else { return .reply(.empty(304)) }
            guard !state.waiters.isFull else {
                return .reply(HTTPReply(status: 503, headers: [("Retry-After", "10")]))
            }
            former = state.waiters.add(
                .init(pending: suspend(), system: system, holding: holding, deadline: deadline),
                of: agent)
            return .later
        }
        former?.complete(.empty(304))
        return outcome
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
        return state.withLock { state in
            answerKey(system, holding, state).map { content($0, state) } ?? LockSetAnswer()
        }
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
        for waiter in state.withLock({ $0.waiters.takeOver(at: now) }) {
            waiter.pending.complete(.empty(304))
        }
    }

    private func complete(_ due: [(HTTPPending, HTTPPreparedReply?)]) {
        for (pending, answer) in due {
            if let answer { pending.complete(answer) } else { pending.complete(.empty(503)) }
        }
    }

    /// What differs from what is held; nil: nothing.
    private func answerKey(_ system: SystemCode, _ holding: Holding, _ state: State) -> AnswerKey? {
        let key = AnswerKey(
            system: system,
            hasNation: state.nation.map { $0.held != holding.nation } ?? false,
            hasSystem: state.systems[system].map { $0.held != holding.system } ?? false,
            hasPolicy: state.policies[system].map { $0.version != holding.policy } ?? false)
        return key.hasNation || key.hasSystem || key.hasPolicy ? key : nil
    }

    private func content(_ key: AnswerKey, _ state: State) -> LockSetAnswer {
        LockSetAnswer(
            nation: key.hasNation ? state.nation?.jws : nil,
            system: key.hasSystem ? state.systems[key.system]?.jws : nil,
            policyVersion: key.hasPolicy ? state.policies[key.system]?.version : nil)
    }

    private func answer(_ system: SystemCode, _ holding: Holding, _ state: inout State)
        -> HTTPPreparedReply?
    {
        guard let key = answerKey(system, holding, state) else { return nil }
        if let made = state.answers[key] { return made }
        guard let body = try? encodeJSON(content(key, state)),
            let made = HTTPPreparedReply(.json(body))
        else { return nil }
        state.answers[key] = made
        return made
    }
}
