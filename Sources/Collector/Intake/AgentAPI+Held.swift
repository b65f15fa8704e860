import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension AgentAPI {
    /// `POST /v1/held`: takes in lock sets from before a restore, if this collector signed them for this agent.
    func takeHeld(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        let (body, place, pending) = (
            request.body, request.held as? PushPlace, request.suspend()
        )
        if body.count <= LongReads.shortBytesMax {
            takeHeld(body, agent, pending, place)
        } else {
            intake.longReads.add(LongHeld { takeHeld(body, agent, pending, place) })
        }
        return .later
    }

    /// Reads at most two sets, so one step is enough.
    private struct LongHeld: LongRead {
        let read: @Sendable () -> Void

        func step() -> Bool {
            read()
            return false
        }
    }

    private func takeHeld(
        _ body: [UInt8], _ agent: AgentRecord, _ pending: HTTPPending, _ place: PushPlace?
    ) {
        let sets: [(set: LockSet, audience: Audience)]
        do throws(HTTPProblem) { sets = try heldSets(body, agent) } catch {
            place?.leave()
            return pending.complete(.problem(error))
        }
        write(pending, place) { records in
            for (set, audience) in sets {
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
                try encodeJSON(HeldAnswer(taken: sets.map(\.audience.description))))
        }
    }

    private func heldSets(_ body: [UInt8], _ agent: AgentRecord) throws(HTTPProblem) -> [(
        set: LockSet, audience: Audience
    )] {
        guard let held = try? decodeJSON(HeldSets.self, body) else {
            throw HTTPProblem(
                "malformed", status: 400, title: "Malformed", detail: "nation and system")
        }
        var sets: [(set: LockSet, audience: Audience)] = []
        for (text, audience) in [
            (held.nation, Audience.nation), (held.system, .system(agent.system)),
        ] {
            guard let text else { continue }
            guard let set = signedSet(text, audience) else {
                metrics.add("chot_collector_refused_total", "why=\"held\"")
                throw HTTPProblem(
                    "held", status: 409, title: "Refused",
                    detail: "the set of \(audience) was not signed by this collector for it")
            }
            sets.append((set, audience))
        }
        return sets
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
