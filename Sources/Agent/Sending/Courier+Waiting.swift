import Domain
import Platform
import Synchronization
import Wire

/// The long-poll for locks and policy, and what an answer leads to.
extension Courier {
    func waitLoop() {
        var failures = 0
        while !isStopping {
            if let milliseconds = waitRound(&failures) { pause.wait(milliseconds: milliseconds) }
        }
    }

    /// Runs one long-poll and acts on its end. Returns how many milliseconds to pause; nil means not at all.
    func waitRound(_ failures: inout Int) -> Int64? {
        do {
            let asked = pace.monotonic()
            let isNew = try waitOnce(isRetry: failures > 0)
            // An immediate answer with nothing new means that its content is refused here, so the loop must pause.
            let isIdle = !isNew && pace.monotonic() - asked < 1000
            failures = isIdle ? failures + 1 : 0
            guard isIdle else { return nil }
            OrdersFetcher(client: waitClient, orders: orders).fetchKeys()
            return pace.jittered(Int64(min(30_000, 500 << min(failures, 6))))
        } catch {
            if isStopping { return nil }
            if let failure = error as? CollectorClient.Failure {
                switch failure {
                case .transport(.tooLarge), .malformed:
                    orders.troubles.note(.lockSets, Localized(of: failure))
                default: break
                }
            }
            failures += 1
            if failures == 1 {
                Log.warning(
                    "no word from the collector; locks in force stay",
                    ["agent": identity.agent, "why": error])
            }
            return pace.jittered(Int64(min(10_000, 250 << min(failures, 6))))
        }
    }

    /// One long-poll, which is answered at once by any change, else after its time.
    private func waitOnce(isRetry: Bool) throws -> Bool {
        let held = orders.held
        // After a failure the first answer is wanted at once: it shows that the collector is back.
        var path = "/v1/lockset?wait=\(isRetry ? 0 : pace.jittered(24))"
        if let nation = held.nation { path += "&nation=\(nation)" }
        if let system = held.system { path += "&system=\(system)" }
        if let policy = held.policy { path += "&policy=\(policy)" }
        if let answer = try waitClient.get(
            path, as: LockSetAnswer.self, timeoutMilliseconds: 40_000)
        {
            noteHeard()
            return apply(answer)
        }
        noteHeard()
        // What the collector has is what we hold.
        orders.troubles.clear(.lockSets)
        orders.troubles.clear(.policy)
        return true
    }

    private func noteHeard() {
        guard isPushFailing.load(ordering: .relaxed) else { return }
        isHeardAgain.store(true, ordering: .relaxed)
        wake.signal()
    }

    @discardableResult
    func apply(_ answer: LockSetAnswer) -> Bool {
        let changed = OrdersFetcher(client: waitClient, orders: orders).apply(answer)
        if changed { adoptRules() }
        return changed
    }

    /// Gives the Gate what `Orders` holds now. Several threads call it; the last one takes the newest rules, since it
    /// reads them inside the lock.
    func adoptRules() {
        adopting.withLock { _ in
            guard var rules = orders.rules else { return }
            rules.offlineGraceMilliseconds = config.offlineGraceMilliseconds
            checkpoint.adopt(rules)
            sketches?.adopt(rules)
        }
        Memory.giveBack()
        Log.notice(
            "locks or registration changed; in force now",
            [
                "agent": identity.agent.rawValue,
                "nation": orders.held.nation?.version.description ?? "-",
                "system": orders.held.system?.version.description ?? "-",
                "policy": orders.held.policy?.description ?? "-",
            ])
    }
}
