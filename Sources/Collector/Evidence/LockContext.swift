import Domain
import Platform
import Wire

/// What a lock was decided by, kept in its own transaction: tables tell only what holds now.
struct LockContext: Codable, Hashable {
    /// Of a lock on many systems (a unit), as many are told of.
    static let systemsMax = 200

    /// One system that the lock concerns, as it stood.
    struct System: Codable, Hashable {
        var system: SystemCode
        /// The policy that its agents were to hold.
        var policy: PolicyPoint?
        /// Calendar, rule settings, allowances, notices, exemption and emergency, as judged by; no lists of accounts and
        /// services.
        var terms: Policy
        var waivers: [Waiver]
        var agents: [Agent]
    }

    struct Agent: Codable, Hashable {
        var agent: AgentID
        var kid: String
        var isRevoked: Bool
        var epoch: Int64
        var seq: Int64
        /// As `agent list` tells it: how far its clock was from the collector's; nil: not known.
        var skewMilliseconds: Int64?

        enum CodingKeys: String, CodingKey {
            case agent, kid, epoch, seq
            case isRevoked = "revoked"
            case skewMilliseconds = "skew_ms"
        }
    }

    /// What a rule's number was: R1–R3.
    struct Volume: Codable, Hashable {
        var rule: RuleID
        var scope: Scope
        var key: String
        /// The breach that locked.
        var k: Int
        /// The number judged by: of the form, with what allowances and notices add.
        var threshold: Int64
        /// The number of the form alone; of the cap: the rule's.
        var registered: Int64
        var from: Timestamp
        var until: Timestamp
    }

    /// X1: the accounts registered for one person.
    struct Person: Codable, Hashable {
        var accounts: [String]
        var withinMilliseconds: Int64

        enum CodingKeys: String, CodingKey {
            case accounts
            case withinMilliseconds = "within_ms"
        }
    }

    /// The last entry of the audit log that changed the registry.
    struct Registry: Codable, Hashable {
        var number: Int64
        var at: Timestamp
        var hash: String
    }

    var v = 1
    var at: Timestamp
    var systems: [System]
    /// How many more the lock concerns.
    var more: Int
    var volume: Volume?
    var person: Person?
    var registry: Registry?
}

extension LockBook {
    /// What is known now of what a lock was decided by.
    func context(of lock: LockRecord) throws -> LockContext {
        let codes = try systems(of: lock.scope).sorted()
        let told = try codes.prefix(LockContext.systemsMax).compactMap {
            try records.system($0).map(context)
        }
        return LockContext(
            at: now, systems: told, more: codes.count - told.count, volume: try volume(of: lock),
            person: try person(of: lock),
            registry: try records.lastAudit("registry.import").map {
                .init(number: $0.number, at: $0.at, hash: $0.hash)
            })
    }

    private func context(_ system: SystemRecord) throws -> LockContext.System {
        let waivers = try records.waivers(at: now).filter { $0.scope.system == system.code }
        return LockContext.System(
            system: system.code, policy: try records.policies(system.code, countMax: 1).first,
            terms: try records.terms(system, config, at: now), waivers: waivers,
            agents: try records.agents(ofSystem: system.code).map {
                .init(
                    agent: $0.id, kid: $0.kid, isRevoked: $0.isRevoked, epoch: $0.epoch,
                    seq: $0.seq, skewMilliseconds: $0.skewMilliseconds)
            })
    }

    private func volume(of lock: LockRecord) throws -> LockContext.Volume? {
        guard let rule = RuleID(rawValue: lock.reason), let key = lock.key, let k = lock.k,
            let id = Quota.ID(rule: rule, scope: lock.scope, key: key),
            let system = try lock.scope.system.flatMap({ try records.system($0) })
        else { return nil }
        let detection = try detection(system)
        guard let quota = try detection.quota(id) else { return nil }
        let registered: Int64 =
            switch id.subject {
            case .account(let login):
                try records.account(login, system.code)?.perDay ?? 0
            case .service(let service):
                try records.volumes(service, system.code).map { rule == .r2 ? $0.office : $0.off }
                    ?? 0
            case .system: detection.setting(rule).cap
            }
        let bounds = id.bounds(detection.calendar)
        return .init(
            rule: rule, scope: lock.scope, key: key, k: k, threshold: quota.registered,
            registered: registered, from: bounds.lowerBound, until: bounds.upperBound)
    }

    private func person(of lock: LockRecord) throws -> LockContext.Person? {
        guard case .person(let id) = lock.scope else { return nil }
        return .init(
            accounts: try records.accounts(ofPerson: id).map(\.description).sorted(),
            withinMilliseconds: config.setting(.x1).withinMilliseconds)
    }
}
