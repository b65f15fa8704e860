import Domain
import Platform
import Wire

/// The policy and the locks, arranged for look-up. Immutable: a change makes a new value.
struct GateRules: Sendable {
    let policy: Policy
    /// The places of registered accounts and services in `accounts` and `services`: dense, from 0.
    private let accountPlaces: [Login: Int]
    private let servicePlaces: [ServiceName: Int]
    let accounts: [Policy.RegisteredAccount]
    let services: [Policy.RegisteredService]
    let locks: LockIndex
    /// Each rule's setting, so that no query looks it up by name.
    let r1: RuleSetting, r2: RuleSetting, r3: RuleSetting
    let r8: RuleSetting, r9: RuleSetting, r10: RuleSetting
    private let waivers: [Quota.ID: Int]
    let officerKey: [UInt8]
    /// How long the agent may be out of contact before it refuses everything; the words of that refusal name it.
    var offlineGraceMilliseconds: Int64 = 0

    init(policy: Policy, sets: [LockSet]) {
        self.policy = policy
        officerKey = Base64URL.decode(policy.officerKey) ?? []
        accounts = policy.accounts
        services = policy.services
        accountPlaces = Self.places(policy.accounts.lazy.map(\.login))
        servicePlaces = Self.places(policy.services.lazy.map(\.service))
        (r1, r2, r3) = (policy.setting(.r1), policy.setting(.r2), policy.setting(.r3))
        (r8, r9, r10) = (policy.setting(.r8), policy.setting(.r9), policy.setting(.r10))
        locks = LockIndex(sets.flatMap(\.locks), system: policy.system)
        waivers = Dictionary(
            sets.flatMap(\.waivers).compactMap { waiver in
                Quota.ID(rule: waiver.rule, scope: waiver.scope, key: waiver.key)
                    .map { ($0, waiver.nextK) }
            }, uniquingKeysWith: max)
    }

    /// When a name is given twice, its last place counts.
    private static func places<N: Name>(_ names: some Collection<N>) -> [N: Int] {
        Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    }

    /// The place of an account in `accounts`; nil when it is not registered.
    func place(of login: Login) -> Int? { accountPlaces[login] }
    func place(of service: ServiceName) -> Int? { servicePlaces[service] }

    /// The login under which a row is remembered for a restart. Nil when no volume is registered for the row;
    /// `*other` when one is registered for its service only.
    func remembered(_ row: SummaryRow) -> Login? {
        if place(of: row.login) != nil { return row.login }
        return place(of: row.service) != nil ? .folded : nil
    }

    /// The breach that a release allows the quota to reach before it refuses again; nil when nothing was released.
    func waived(_ id: Quota.ID) -> Int? { waivers[id] }

    /// An officer as the policy names one: an HMAC under the system's key, so that neither a policy nor a summary
    /// carries a person's number. Nil when the officer check applies to no account of the system.
    func hashed(_ officer: String) -> String? {
        officerKey.isEmpty ? nil : officerHash(officer, key: officerKey)
    }

    /// Adds the words that every refusal may need.
    func words(_ more: [String: Localized]) -> [String: Localized] {
        var words = more
        words["contact"] = policy.contact
        words["system_name"] = .same(policy.systemName)
        words["unit_name"] = .same(policy.unitName)
        return words
    }
}

/// Finds locks by what they stop. A lock on a wider scope wins, since that is the one to be released.
struct LockIndex: Sendable {
    private var wide: [Lock] = []
    private var accounts: [Login: [Lock]] = [:]
    private var services: [ServiceName: [Lock]] = [:]
    private var sources: [String: [Lock]] = [:]
    private var isEmpty = true

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
                sources[Self.spelling(address), default: []].append(lock)
            case .ipEverywhere(let address):
                sources[Self.spelling(address), default: []].append(lock)
            // Such a lock is for another system, or for a person, whom the collector expands into accounts.
            default: break
            }
        }
        isEmpty = wide.isEmpty && accounts.isEmpty && services.isEmpty && sources.isEmpty
    }

    /// The address as queries spell it, however the lock spells it.
    private static func spelling(_ address: String) -> String {
        InternetAddress.spelling(address) ?? address
    }

    /// Every lock that concerns this system.
    var all: [Lock] {
        wide + accounts.values.joined() + services.values.joined() + sources.values.joined()
    }

    /// The lock that binds a query, or nil. A lock ends only when its end has certainly passed (docs/decisions/0013).
    func first(binding query: Query, unsureMilliseconds: Int64 = 0) -> Lock? {
        guard !isEmpty else { return nil }
        let now = query.at.advanced(byMilliseconds: -unsureMilliseconds)
        return wide.first { $0.isInForce(at: now) }
            ?? services[query.service]?.first { $0.isInForce(at: now) }
            ?? accounts[query.login]?.first { $0.isInForce(at: now) }
            ?? sources[query.source]?.first { $0.isInForce(at: now) }
    }
}
