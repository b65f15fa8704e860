import CollectorDelivery
import CollectorEvidence
import Domain
import Platform
import Synchronization
import Wire

/// What the present lock sets bind, by system, as agents get them. A set is read once a version and sorted by what it
/// locks, so that a row finds its locks at once. Thread-safe.
final class HeldLocks: Sendable {
    private struct Known {
        let held: HeldVersion
        let locks: BindingLocks
    }

    private let known = Mutex<[Audience: Known]>([:])

    /// Returns the locks of accounts, services and the system from the system's set, or those of its unit from the
    /// nation's.
    package func locks(_ signed: Delivery.Signed?, _ audience: Audience) -> BindingLocks? {
        guard let signed else { return nil }
        if let found = known.withLock({ $0[audience] }), found.held == signed.held {
            return found.locks
        }
        guard let payload = try? JWS.parse(signed.jws.utf8).payload,
            let set = try? decodeJSON(LockSet.self, payload)
        else { return nil }
        let locks = BindingLocks(set.locks)
        known.withLock { $0[audience] = Known(held: signed.held, locks: locks) }
        return locks
    }
}

/// Locks by what they bind. Locks of addresses are left out, because no row has an address.
package struct BindingLocks: Sendable {
    private var accounts: [Account: [Lock]] = [:]
    private var services: [SystemCode: [ServiceName: [Lock]]] = [:]
    private var systems: [SystemCode: [Lock]] = [:]
    private var units: [UnitCode: [Lock]] = [:]

    package init(_ locks: [Lock]) {
        for lock in locks {
            switch lock.scope {
            case .account(let login, let system):
                accounts[Account(login, system), default: []].append(lock)
            case .service(let service, let system):
                services[system, default: [:]][service, default: []].append(lock)
            case .system(let system): systems[system, default: []].append(lock)
            case .unit(let unit): units[unit, default: []].append(lock)
            default: break
            }
        }
    }

    /// Returns how many queries of the interval passed under each lock in force, for at most `locksMax` locks. These
    /// are for I1 `allowed`: queries that an agent let pass although it had said before that it holds the lock. Not
    /// counted are queries of followed logs, which are noted (`would.lock`), passed queries, which no agent decided,
    /// and late rows, whose queries came earlier. The cost depends on the rows, not on the number of locks.
    package func passed(_ summary: Summary, of system: SystemCode, locksMax: Int) -> [(
        lock: Lock, count: Int64
    )] {
        let start = summary.from.hourStart
        let own = services[system] ?? [:]
        let whole = (systems[system] ?? []) + (units[system.unit] ?? [])
        guard !(accounts.isEmpty && own.isEmpty && whole.isEmpty) else { return [] }
        var counts: [String: (lock: Lock, count: Int64)] = [:]
        for row in summary.rows where row.allowed > 0 && row.hour >= start {
            let passed = row.allowed - min(row.allowed, row.would[DenialReason.lock.wireName] ?? 0)
            guard passed > 0 else { continue }
            for locks in [
                whole, accounts[Account(row.login, system)] ?? [], own[row.service] ?? [],
            ] {
                for lock in locks.prefix(locksMax) where lock.isInForce(at: summary.to) {
                    let before = counts[lock.id]?.count ?? 0
                    guard before > 0 || counts.count < locksMax else { continue }
                    counts[lock.id] = (lock, before.adding(passed))
                }
            }
        }
        return counts.values.sorted { $0.lock.id < $1.lock.id }
    }
}
