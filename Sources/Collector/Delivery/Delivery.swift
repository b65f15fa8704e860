import CollectorStore
import Domain
import Platform
import Synchronization
import Wire

/// What agents are to hold, and which agents wait for it. Long-polls are answered at once when anything for them
/// changes. Each request tells what its agent holds, so "enforced" is proven and not assumed. Thread-safe.
package final class Delivery: Sendable {

    package init() {}
    package struct Signed {
        package let jws: String
        package let held: HeldVersion
        /// When the set was put here, in monotonic milliseconds.
        package var since: Int64 = MonotonicClock.milliseconds()
    }

    /// An agent in contact may hold an older set than the present one for this long.
    static let frozenMilliseconds: Int64 = 300_000

    package struct Holding {
        package var nation: HeldVersion?
        package var system: HeldVersion?
        package var policy: Version?
        package var at: Int64
        /// The agent did not answer the question for its sets in time and gets the new ones anyway. Agents of earlier
        /// versions do not understand the question.
        var isGivenAnyway = false

        package init(
            nation: HeldVersion? = nil, system: HeldVersion? = nil, policy: Version? = nil,
            at: Int64, isGivenAnyway: Bool = false
        ) {
            self.nation = nation
            self.system = system
            self.policy = policy
            self.at = at
            self.isGivenAnyway = isGivenAnyway
        }

        func atLeast(_ former: Holding?) -> Holding {
            func newer(_ a: HeldVersion?, _ b: HeldVersion?) -> HeldVersion? {
                guard let a, let b else { return a ?? b }
                return a.version < b.version ? b : a
            }
            var holding = self
            holding.nation = newer(nation, former?.nation)
            holding.system = newer(system, former?.system)
            return holding
        }
    }

    /// What an agent told, and what it held when that was last written down.
    package struct News {
        package let holding: Holding
        package let at: Timestamp
        package let former: Holding?

        package init(
            holding: Holding, at: Timestamp, former: Holding?
        ) {
            self.holding = holding
            self.at = at
            self.former = former
        }
    }

    /// How long a restored collector waits for an agent to tell the sets it holds.
    static let askedMilliseconds: Int64 = 600_000

    private struct State {
        var nation: Signed?
        var systems: [SystemCode: Signed] = [:]
        /// `since` is when the policy was put here, in monotonic milliseconds.
        var policies: [SystemCode: (version: Version, jws: String, since: Int64)] = [:]
        var waiters = Waiters()
        /// Prepared answers, one for all agents of a system that hold the same. They are forgotten when a set changes.
        var answers: [AnswerKey: HTTPPreparedReply] = [:]
        var holdings: [AgentID: Holding] = [:]
        var generation: Int64 = 1
        /// After a restore: the newest sets of a former generation that are known here.
        var formerSets: [Audience: Version] = [:]
        /// Since when each agent has been asked for what it holds, in monotonic milliseconds.
        var asked: [AgentID: Int64] = [:]
        /// Agents that told other sets than before, still to be written into the lock book. At most one entry an agent.
        var news: [AgentID: News] = [:]

        mutating func put(_ set: Signed, _ audience: Audience) {
            func isNews(_ former: Signed?) -> Bool {
                former.map { $0.held.version < set.held.version } ?? true
            }
            switch audience {
            case .nation: if isNews(nation) { nation = set }
            case .system(let code): if isNews(systems[code]) { systems[code] = set }
            }
        }

        /// Returns nil for a version that was never signed here, because it proves nothing.
        private func proven(_ held: HeldVersion?, _ present: Signed?) -> HeldVersion? {
            guard let held, let present = present?.held else { return nil }
            let isPresent = held.version == present.version
            return held.version > present.version || isPresent && held != present ? nil : held
        }

        /// Notes what an agent holds now.
        mutating func note(_ agent: AgentID, _ claimed: Holding) {
            var holding = claimed
            holding.nation = proven(claimed.nation, nation)
            holding.system = proven(claimed.system, systems[agent.system])
            let former = holdings.updateValue(holding, forKey: agent)
            if former?.nation != holding.nation || former?.system != holding.system {
                let before = if let earlier = news[agent] { earlier.former } else { former }
                news[agent] = News(holding: holding, at: .now, former: before)
            }
        }
    }

    /// Says which sets and policy an answer carries.
    private struct AnswerKey: Hashable {
        let system: SystemCode
        let hasNation: Bool, hasSystem: Bool, hasPolicy: Bool
        /// The agent holds a set from before a restore that is unknown here, and must hand it over first.
        let asksNation: Bool, asksSystem: Bool

        var isEmpty: Bool {
            !hasNation && !hasSystem && !hasPolicy && !asksNation && !asksSystem
        }
    }

    private let state = Mutex(State())

    /// Reads the sets and policies that changed, and answers the agents that wait for them. Two threads may read at the
    /// same time, so nothing here is ever replaced by something older.
    package func refresh(_ records: Records) throws {
        let (nation, systems, policies) = state.withLock { state in
            (
                state.nation?.held.version.counter,
                state.systems.mapValues(\.held.version.counter),
                state.policies.mapValues(\.version.counter)
            )
        }
        let generation = try records.generation()
        let formerSets = try records.formerSets()
        var changed: [(audience: Audience, set: Signed)] = []
        for (audience, counter) in try records.lockSetCounters() {
            let known =
                switch audience {
                case .nation: nation
                case .system(let code): systems[code]
                }
            guard known != counter, let set = try records.lockSet(audience) else { continue }
            let version = Version(generation: generation, counter: set.counter)
            let held = HeldVersion(version: version, digest: JWS.digest(set.jws))
            changed.append((audience, Signed(jws: set.jws, held: held)))
        }
        var changedPolicies: [(system: SystemCode, version: Version, jws: String)] = []
        for (system, counter) in try records.policyCounters() where policies[system] != counter {
            guard let policy = try records.storedPolicy(system) else { continue }
            let version = Version(generation: generation, counter: policy.counter)
            changedPolicies.append((system, version, policy.jws))
        }
        let (sets, newPolicies) = (changed, changedPolicies)
        complete(
            state.withLock { state in
                guard !sets.isEmpty || !newPolicies.isEmpty || state.formerSets != formerSets
                else { return [] }
                state.generation = generation
                state.formerSets = formerSets
                for (audience, set) in sets { state.put(set, audience) }
                for (system, version, jws) in newPolicies {
                    if let former = state.policies[system], former.version > version { continue }
                    state.policies[system] = (version, jws, MonotonicClock.milliseconds())
                }
                state.answers = [:]
                // The waiters are taken out of the state while they are compared with it, so that they are not copied.
                var waiters = exchange(&state.waiters, with: Waiters())
                let due = waiters.take { answerKey($0.system, $0.holding, state) != nil }
                state.waiters = waiters
                return due.map { ($0.pending, answer($0.system, $0.holding, &state)) }
            })
    }

    /// Returns the set that an agent in contact holds and the present one, if it should have taken that long ago.
    package func frozen(_ system: SystemCode, _ held: Summary.Held) -> (
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

    /// Returns the present sets as they were signed.
    package func signed(_ system: SystemCode) -> (nation: Signed?, system: Signed?) {
        state.withLock { ($0.nation, $0.systems[system]) }
    }

    /// Returns a set that an agent claims to hold although it was never signed here: a later one than the present set
    /// of its generation, or the present one with other content. Returns nil if there is none.
    package func neverSigned(_ system: SystemCode, _ held: Summary.Held) -> HeldVersion? {
        let present = signed(system)
        for (told, set) in [(held.nation, present.nation), (held.system, present.system)] {
            guard let told, let set, told.version.generation == set.held.version.generation else {
                continue
            }
            if told.version > set.held.version { return told }
            if told.version == set.held.version, told != set.held { return told }
        }
        return nil
    }

    /// Answers now if anything differs; else the request waits until `deadline` (monotonic milliseconds).
    package func wait(
        _ agent: AgentID, _ system: SystemCode, _ holding: Holding, deadline: Int64,
        suspend: () -> HTTPPending
    ) -> HTTPOutcome {
        var former: HTTPPending?
        let outcome: HTTPOutcome = state.withLock { state in
            state.note(agent, holding)
            let holding = asked(agent, system, holding, &state)
            if let answer = answer(system, holding, &state) { return .prepared(answer) }
            guard deadline > MonotonicClock.milliseconds() else { return .reply(.empty(304)) }
            guard !state.waiters.isFull else {
                return .reply(.unavailable(seconds: 10))
            }
            former = state.waiters.add(
                .init(pending: suspend(), system: system, holding: holding, deadline: deadline),
                of: agent)
            return .later
        }
        former?.complete(.empty(304))
        return outcome
    }

    /// Notes what a push tells. It was signed before what its agent got meanwhile, so it may add to what is proven but
    /// never takes anything back.
    package func note(_ agent: AgentID, _ held: Summary.Held) {
        let holding = Holding(
            nation: held.nation, system: held.system, policy: held.policy,
            at: MonotonicClock.milliseconds())
        state.withLock { $0.note(agent, holding.atLeast($0.holdings[agent])) }
    }

    /// Returns what agents told since the last call, for the deliveries in the lock book.
    package func takeNews() -> [AgentID: News] {
        state.withLock { state in
            defer { state.news = [:] }
            return state.news
        }
    }

    /// Gives back news whose deliveries could not be written, so that they are tried again.
    package func giveBack(_ news: [AgentID: News]) {
        state.withLock { state in
            state.news.merge(news) { newer, earlier in
                News(holding: newer.holding, at: newer.at, former: earlier.former)
            }
        }
    }

    /// Returns the changes that the answer to a push carries.
    package func changes(_ agent: AgentID, _ held: Summary.Held) -> LockSetAnswer {
        let system = agent.system
        let told = Holding(nation: held.nation, system: held.system, policy: held.policy, at: 0)
        return state.withLock { state in
            let holding = asked(agent, system, told, &state)
            return answerKey(system, holding, state).map { content($0, state) } ?? LockSetAnswer()
        }
    }

    package func policy(_ system: SystemCode) -> (version: Version, jws: String)? {
        state.withLock { state in state.policies[system].map { ($0.version, $0.jws) } }
    }

    package func holding(_ agent: AgentID) -> Holding? { state.withLock { $0.holdings[agent] } }
    /// Whether an agent told that it holds the present set of its system.
    package func isCurrent(_ agent: AgentID) -> Bool {
        state.withLock { $0.holdings[agent]?.system == $0.systems[agent.system]?.held }
    }

    package func isCurrentNation(_ agent: AgentID) -> Bool {
        state.withLock { $0.holdings[agent]?.nation == $0.nation?.held }
    }

    /// Returns the policy that each agent said it has, and the one offered to it, for agents heard since a moment
    /// (monotonic milliseconds).
    func policyHoldings(since: Int64) -> [(
        agent: AgentID, held: Version?, offered: (version: Version, since: Int64)
    )] {
        state.withLock { state in
            state.holdings.compactMap { agent, holding in
                guard holding.at >= since, let offered = state.policies[agent.system] else {
                    return nil
                }
                return (agent, holding.policy, (offered.version, offered.since))
            }
        }
    }

    package var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Ends long-polls whose time is over. Must be called a few times a second.
    package func tick() {
        let now = MonotonicClock.milliseconds()
        for waiter in state.withLock({ $0.waiters.takeOver(at: now) }) {
            waiter.pending.complete(.empty(304))
        }
    }

    private func complete(_ due: [(HTTPPending, HTTPPreparedReply?)]) {
        for (pending, answer) in due {
            if let answer {
                pending.complete(answer)
            } else {
                pending.complete(.unavailable(seconds: 10))
            }
        }
    }

    /// Notes since when an agent has been asked for its sets, and gives up after `askedMilliseconds`.
    private func asked(
        _ agent: AgentID, _ system: SystemCode, _ holding: Holding, _ state: inout State
    ) -> Holding {
        guard !state.formerSets.isEmpty else { return holding }
        guard let key = answerKey(system, holding, state), key.asksNation || key.asksSystem else {
            state.asked[agent] = nil
            return holding
        }
        let now = MonotonicClock.milliseconds()
        let since = state.asked[agent] ?? now
        state.asked[agent] = since
        guard now - since > Self.askedMilliseconds else { return holding }
        if now - since < Self.askedMilliseconds + 60_000 {
            Log.warning(
                "an agent does not tell the lock sets it holds from before the restore; it is given the present ones",
                ["agent": agent])
        }
        var given = holding
        given.isGivenAnyway = true
        return given
    }

    /// Returns what differs from what the agent holds; nil if nothing does.
    private func answerKey(_ system: SystemCode, _ holding: Holding, _ state: State) -> AnswerKey? {
        func isUnknown(_ held: HeldVersion?, _ audience: Audience) -> Bool {
            guard !state.formerSets.isEmpty, !holding.isGivenAnyway, let held,
                held.version.generation < state.generation
            else { return false }
            return state.formerSets[audience].map { $0 < held.version } ?? true
        }
        let asksNation = isUnknown(holding.nation, .nation)
        let asksSystem = isUnknown(holding.system, .system(system))
        let key = AnswerKey(
            system: system,
            hasNation: !asksNation && state.nation.map { $0.held != holding.nation } ?? false,
            hasSystem: !asksSystem
                && state.systems[system].map { $0.held != holding.system } ?? false,
            hasPolicy: state.policies[system].map { $0.version != holding.policy } ?? false,
            asksNation: asksNation, asksSystem: asksSystem)
        return key.isEmpty ? nil : key
    }

    private func content(_ key: AnswerKey, _ state: State) -> LockSetAnswer {
        var answer = LockSetAnswer(
            nation: key.hasNation ? state.nation?.jws : nil,
            system: key.hasSystem ? state.systems[key.system]?.jws : nil,
            policyVersion: key.hasPolicy ? state.policies[key.system]?.version : nil)
        if key.asksNation || key.asksSystem { answer.setsWanted = true }
        return answer
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
