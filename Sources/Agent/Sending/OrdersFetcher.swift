import Domain
import Platform
import Wire

/// Fetches lock sets and policy from the collector into `Orders`.
struct OrdersFetcher {
    let client: CollectorClient
    let orders: Orders

    /// Fetches at the start. Returns false when the collector is away, which is logged unless it `wasAway` already.
    func fetch(wasAway: Bool = false) -> Bool {
        do {
            if let keys = try client.getText("/v1/keys") { orders.adoptKeys(keys) }
            let held = orders.held
            var path = "/v1/lockset?wait=0"
            if let nation = held.nation { path += "&nation=\(nation)" }
            if let system = held.system { path += "&system=\(system)" }
            if let answer = try client.get(path, as: LockSetAnswer.self, timeoutMilliseconds: 5000)
            {
                apply(answer)
            }
            return orders.isComplete
        } catch {
            if !wasAway {
                Log.warning("the collector is away; what is on disk is enforced", ["why": error])
            }
            return false
        }
    }

    /// Called after a signature by an unknown key, since the collector may have changed its keys.
    func fetchKeys() {
        do {
            if let keys = try client.getText("/v1/keys") { orders.adoptKeys(keys) }
        } catch {
            note(.keys, error)
        }
    }

    /// Reports what was offered and did not come, unless the collector is only away, which is reported elsewhere.
    func note(_ task: CentreTroubles.Task, _ failure: CollectorClient.Failure) {
        switch failure {
        case .transport(.tooLarge), .malformed, .status:
            orders.troubles.note(task, Localized(of: failure))
        case .transport: break
        }
    }

    /// Sends the lock sets held here: a restored collector restores its locks from those of its agents. Each set goes
    /// alone, since both might not fit into one request.
    private func tellHeld() {
        let sets = [
            HeldSets(nation: orders.nationText, system: nil),
            HeldSets(nation: nil, system: orders.systemText),
        ]
        do {
            for set in sets where (set.nation ?? set.system) != nil {
                _ = try client.post(
                    "/v1/held", try encodeJSON(set), type: "application/json", as: HeldAnswer.self)
            }
            Log.notice("the collector was restored and was told the lock sets held here")
        } catch {
            Log.warning("the collector could not be told the lock sets held here", ["why": error])
        }
    }

    /// Takes an answer. Returns true when something in force changed.
    @discardableResult
    func apply(_ answer: LockSetAnswer) -> Bool {
        var changed = false
        if answer.setsWanted == true { tellHeld() }
        if answer.nation == nil, answer.system == nil { orders.troubles.clear(.lockSets) }
        if let nation = answer.nation { changed = orders.adoptLockSet(nation) || changed }
        if let system = answer.system { changed = orders.adoptLockSet(system) || changed }
        guard let version = answer.policyVersion else { return changed }
        guard version != orders.held.policy else {
            orders.troubles.clear(.policy)
            return changed
        }
        let have = orders.held.policy?.description ?? ""
        do {
            if let text = try client.getText("/v1/policy?have=\(have)") {
                changed = orders.adoptPolicy(text) || changed
            }
        } catch {
            note(.policy, error)
        }
        return changed
    }
}
