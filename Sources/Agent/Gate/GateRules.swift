import Domain
import Platform
import Wire

/// Policy and locks, arranged for look-up. Immutable: a change makes a new one.
struct GateRules: Sendable {
    let policy: Policy
    let accounts: [Login: Policy.RegisteredAccount]
    let services: [ServiceName: Policy.RegisteredService]
    let locks: LockIndex
    private let waivers: [Quota.ID: Int]
    private let officerKey: [UInt8]
    /// How long the agent may be out of contact before it closes; for the words of its refusal.
    var offlineGraceMilliseconds: Int64 = 0

    init(policy: Policy, sets: [LockSet]) {
        self.policy = policy
        officerKey = Base64URL.decode(policy.officerKey) ?? []
        accounts = Dictionary(policy.accounts.map { ($0.login, $0) }, uniquingKeysWith: { $1 })
        services = Dictionary(policy.services.map { ($0.service, $0) }, uniquingKeysWith: { $1 })
        locks = LockIndex(sets.flatMap(\.locks), system: policy.system)
        waivers = Dictionary(
            sets.flatMap(\.waivers).compactMap { waiver in
                Quota.ID(rule: waiver.rule, scope: waiver.scope, key: waiver.key)
                    .map { ($0, waiver.nextK) }
            }, uniquingKeysWith: max)
    }

    /// The breach before which a release waives the quota.
    func waived(_ id: Quota.ID) -> Int? { waivers[id] }

    /// An officer as the policy names one: HMAC under the system's key, so that neither a policy nor a
    /// summary carries a number of a person. Nil when no account of the system is judged by it.
    func hashed(_ officer: String) -> String? {
        officerKey.isEmpty ? nil : officerHash(officer, key: officerKey)
    }

    /// The words every refusal may need.
    func words(_ more: [String: Localized]) -> [String: Localized] {
        var words = more
        words["contact"] = policy.contact
        words["system_name"] = .same(policy.systemName)
        words["unit_name"] = .same(policy.unitName)
        return words
    }
}

/// Locks by what they stop. A lock on a wider scope wins: it is the one to be released.
struct LockIndex: Sendable {
    private var wide: [Lock] = []
    private var accounts: [Login: [Lock]] = [:]
    private var services: [ServiceName: [Lock]] = [:]
    private var sources: [String: [Lock]] = [:]

    init(_ locks: [Lock], system: SystemCode) {
        for lock in locks {
            switch lock.scope {
            case .unit(let unit) where unit == system.unit: wide.append(lock)
            case .system(let locked) where locked == system: wide.append(lock)
            case .account(let login, let locked) where locked == system:
                accounts[login, default: []].append(lock)
            case .service(let service, let locked) where locked == system:
                services[service, default: []].append(lock)
            case .ip(let address, let locked) where locked == system:
                sources[address, default: []].append(lock)
            case .ipEverywhere(let address): sources[address, default: []].append(lock)
            // Somebody else's, or a person, whom the collector expands into accounts.
            default: break
            }
        }
    }

    func first(binding query: Query) -> Lock? {
        let now = query.at
        return wide.first { $0.isInForce(at: now) }
            ?? services[query.service]?.first { $0.isInForce(at: now) }
            ?? accounts[query.login]?.first { $0.isInForce(at: now) }
            ?? sources[query.source]?.first { $0.isInForce(at: now) }
    }
}
