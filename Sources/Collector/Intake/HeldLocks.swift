import Domain
import Platform
import Synchronization
import Wire

/// What the present lock sets bind, by system, as agents are given them: read once a version of a set. Thread-safe.
final class HeldLocks: Sendable {
    private struct Known {
        let held: HeldVersion
        let locks: [Lock]
    }

    private let known = Mutex<[Audience: Known]>([:])

    /// Locks of accounts, services and the system in its set; of its unit in the nation's.
    func locks(_ signed: Delivery.Signed?, _ audience: Audience) -> [Lock] {
        guard let signed else { return [] }
        if let found = known.withLock({ $0[audience] }), found.held == signed.held {
            return found.locks
        }
        guard let payload = try? JWS.parse(signed.jws.utf8).payload,
            let set = try? decodeJSON(LockSet.self, payload)
        else { return [] }
        known.withLock { $0[audience] = Known(held: signed.held, locks: set.locks) }
        return set.locks
    }
}

/// I1 `allowed`: queries that an agent let pass under a lock which it had told to hold before they were asked. Queries of
/// followed logs are noted as such (`would.lock`), passed ones are no agent's decision, and late rows were asked before.
struct LockedRows {
    let system: SystemCode
    let summary: Summary

    /// How many queries of the interval passed under a lock; an address's are not told by any row.
    func count(under lock: Lock) -> Int64 {
        guard lock.isInForce(at: summary.to) else { return 0 }
        let start = summary.from.hourStart
        var count: Int64 = 0
        for row in summary.rows where row.allowed > 0 && row.hour >= start {
            let passed = row.allowed - min(row.allowed, row.would[DenialReason.lock.wireName] ?? 0)
            if passed > 0, binds(lock.scope, row) { count = count.adding(passed) }
        }
        return count
    }

    private func binds(_ scope: Scope, _ row: SummaryRow) -> Bool {
        switch scope {
        case .account(let login, system): login == row.login
        case .service(let service, system): service == row.service
        case .system(system): true
        case .unit(let unit): unit == system.unit
        default: false
        }
    }
}
