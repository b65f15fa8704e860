import CollectorStore
import Domain
import Wire

/// The registered quotas of one system, under its present terms. Use inside one read or write.
package struct RegisteredQuotas {
    package let records: Records
    package let system: SystemCode
    /// The system's terms without its lists of accounts and services.
    package let policy: Policy
    package let now: Timestamp

    package init(
        records: Records, system: SystemCode, policy: Policy, now: Timestamp
    ) {
        self.records = records
        self.system = system
        self.policy = policy
        self.now = now
    }

    /// Returns nil if the account or service is not registered; those are for R8.
    package func quota(_ id: Quota.ID) throws -> Quota? {
        switch id.subject {
        case .account(let login):
            guard let account = try records.account(login, system), account.perDay > 0 else {
                return nil
            }
            return policy.quota(id, registered: account.perDay, kind: account.kind, at: now)
        case .service(let service):
            guard let volumes = try records.volumes(service, system) else { return nil }
            return policy.quota(
                id, registered: id.rule == .r2 ? volumes.office : volumes.off, at: now)
        case .system: return policy.quota(id, registered: 0, at: now)
        }
    }
}
