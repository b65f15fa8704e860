import Domain
import Platform
import Wire

extension Fleet {
    func wait(_ agent: FleetAgent) throws {
        guard !agent.isWaiting, !agent.isAway, !isDraining || !agent.isIdle else { return }
        agent.isWaiting = true
        var query = "wait=25"
        if let nation = agent.nation { query += "&nation=\(nation)" }
        if let own = agent.own { query += "&system=\(own)" }
        if let policy = agent.policy { query += "&policy=\(policy)" }
        let isNews = agent.own != nil
        let request = HTTPClientRequest(
            "GET", "\(settings.waitURL)/v1/lockset?\(query)",
            headers: [("Authorization", try agent.bearer(collector))],
            timeoutMilliseconds: 60_000)
        client.start(request, settings.wait, lane: agent.number) { [self] result in
            agent.isWaiting = false
            let now = MonotonicClock.milliseconds()
            guard let body = taken(result, agent) else {
                let pause = 500 + chance.number(below: 3000)
                return wheel.add(.wait, of: agent.number, at: now + pause)
            }
            if !body.isEmpty, let answer = try? decodeJSON(LockSetAnswer.self, body) {
                adopt(answer, agent, isNews: isNews)
            }
            wheel.add(.wait, of: agent.number, at: now)
        }
    }

    func adopt(_ answer: LockSetAnswer, _ agent: FleetAgent, isNews: Bool) {
        if let nation = answer.nation {
            agent.nation =
                watch.take(nation, audience: "nation", former: agent.nation, isNews: isNews)
                ?? agent.nation
        }
        if let own = answer.system {
            agent.own =
                watch.take(
                    own, audience: agent.system.rawValue, former: agent.own, isNews: isNews)
                ?? agent.own
        }
        if answer.setsWanted == true { tellHeld(agent) }
        // The policy itself is not fetched: it would be the same text for each agent of a system.
        if let policy = answer.policyVersion { agent.policy = policy.description }
    }

    /// A restored collector asks for sets that it does not know.
    private func tellHeld(_ agent: FleetAgent) {
        let sets = HeldSets(
            nation: agent.nation.flatMap { watch.jws(of: $0) },
            system: agent.own.flatMap { watch.jws(of: $0) })
        guard !agent.isTelling, let body = try? encodeJSON(sets) else { return }
        agent.isTelling = true
        figures.statuses["sets told", default: 0] += 1
        try? post("/v1/held", String(decoding: body, as: UTF8.self), agent) { [self] result, _ in
            agent.isTelling = false
            _ = taken(result, agent)
        }
    }
}
