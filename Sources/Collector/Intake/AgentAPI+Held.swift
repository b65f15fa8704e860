import Domain
import Platform
import Wire

extension AgentAPI {
    /// `POST /v1/held`: lock sets of before a restore, taken in when this collector signed them for this agent.
    func takeHeld(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        guard let held = try? decodeJSON(HeldSets.self, request.body) else {
            return .reply(
                .problem(
                    HTTPProblem(
                        "malformed", status: 400, title: "Malformed", detail: "nation and system")))
        }
        var sets: [(set: LockSet, audience: Audience)] = []
        for (text, audience) in [
            (held.nation, Audience.nation), (held.system, .system(agent.system)),
        ] {
            guard let text else { continue }
            guard let set = signedSet(text, audience) else {
                intake.metrics.add("chot_collector_refused_total", "why=\"held\"")
                return .reply(
                    .problem(
                        HTTPProblem(
                            "held", status: 409, title: "Refused",
                            detail: "the set of \(audience) was not signed by this collector for it"
                        )))
            }
            sets.append((set, audience))
        }
        let told = sets
        let outcome = write(request) { records in
            for (set, audience) in told {
                let outcome = try TakeBack(
                    records: records, book: intake.locks.book(records, at: .now), now: .now
                ).take(set, audience)
                if let outcome {
                    Log.notice(
                        "a lock set of before the restore was taken in",
                        [
                            "agent": agent.id, "audience": audience, "version": set.version,
                            "taken": outcome.taken.count, "ended": outcome.ended.count,
                        ])
                }
            }
            return .json(
                try encodeJSON(HeldAnswer(taken: told.map(\.audience.description))))
        }
        return outcome
    }

    private func signedSet(_ text: String, _ audience: Audience) -> LockSet? {
        guard let jws = try? JWS.parse(text.utf8), let key = keys.list.signingKey(jws.kid),
            let payload = try? jws.verified(by: key, typ: LockSet.typ),
            let set = try? decodeJSON(LockSet.self, payload), set.isPlausible,
            set.audience == audience.description
        else { return nil }
        return set
    }
}
