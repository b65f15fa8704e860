import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension LockBook {
    /// Collects what is known now of what a lock was decided by.
    package func context(of lock: LockRecord) throws -> LockContext {
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
        let quotas = try quotas(of: system)
        guard let quota = try quotas.quota(id) else { return nil }
        let registered: Int64 =
            switch id.subject {
            case .account(let login):
                try records.account(login, system.code)?.perDay ?? 0
            case .service(let service):
                try records.volumes(service, system.code).map { rule == .r2 ? $0.office : $0.off }
                    ?? 0
            case .system: quotas.policy.setting(rule).cap
            }
        let bounds = id.bounds(quotas.policy.calendar)
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
