import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// Collects what a pack holds besides the summaries.
extension PackBuilder {
    /// Returns the agents whose summaries are in the pack, those concerned, and those that enforce.
    package func agents(_ told: [AgentID], _ context: LockContext?, _ packed: PackedLock) throws
        -> [PackedAgent]
    {
        let concerned = context?.systems.flatMap { $0.agents.map(\.agent) } ?? []
        return try Set(told + concerned + packed.deliveries.map(\.agent)).sorted().compactMap {
            guard let agent = try records.agent($0), let jwk = agent.jwk else { return nil }
            return PackedAgent(
                agent: agent.id, system: agent.system, kid: agent.kid, jwk: jwk,
                enrolledAt: agent.enrolledAt, revokedAt: agent.revokedAt,
                coveredTo: agent.coveredTo, skewMilliseconds: agent.skewMilliseconds)
        }
    }

    /// Returns the coverage of each system concerned, over the rule's window or the day before the lock.
    package func coverage(_ context: LockContext?) throws -> JSONValue {
        let from =
            context?.volume?.from
            ?? lock.issuedAt.advanced(byMilliseconds: -Timestamp.millisecondsPerDay)
        let to = min(context?.volume?.until ?? lock.issuedAt, lock.issuedAt)
        let systems = try (context?.systems ?? []).map { system -> JSONValue in
            var question = UsageQuestion()
            question.system = system.system.rawValue
            question.from = from
            question.to = to
            let result = try Coverage(
                records: records, config: config, question: question, now: now
            ).run()
            return .object([
                "system": .string(system.system.rawValue), "coverage": result.json,
            ])
        }
        return .object([
            "from": .integer(from.milliseconds), "to": .integer(to.milliseconds),
            "systems": .array(systems),
        ])
    }

    /// Returns the versions of the policy of each system concerned, the newest first.
    package func policies(_ context: LockContext?) throws -> [String: [PolicyPoint]] {
        var all: [String: [PolicyPoint]] = [:]
        for system in (context?.systems ?? []).prefix(20) {
            all[system.system.rawValue] = try records.policies(system.system, countMax: 400)
        }
        return all
    }

    package func audit() throws -> [PackedAuditEntry] {
        var entries = try records.auditEntries(about: lock.id)
        if let registry = try records.context(ofLock: lock.id)?.registry,
            let entry = try records.auditEntry(registry.number)
        {
            entries.append(entry)
        }
        return entries.map { entry, previous in
            PackedAuditEntry(
                number: entry.number, at: entry.at, who: entry.who, action: entry.action,
                subject: entry.subject, reason: entry.reason, previous: previous,
                hash: entry.hash)
        }.sorted { $0.number < $1.number }
    }

    package func related(_ own: [Records.AlertRecord]) throws -> PackedRelated {
        let related = try records.related(to: lock)
        let ids = Set(own.map(\.id))
        return PackedRelated(
            own: own.map(\.json),
            alerts: related.alerts.filter { !ids.contains($0.id) }.map(\.json),
            locks: try related.locks.map { try PackedLock($0, try records.deliveries($0.id)) })
    }

    /// Returns the names and numbers of the people behind the accounts that the lock is about, sealed.
    func annex(_ packed: PackedLock, _ summaries: [Summary], _ passphrase: [UInt8]) throws
        -> [UInt8]
    {
        var accounts: Set<Account> = []
        switch lock.scope {
        case .account(let login, let system): accounts.insert(Account(login, system))
        case .person(let id): accounts.formUnion(try records.accounts(ofPerson: id))
        default:
            for summary in summaries {
                for row in summary.rows where accounts.count < 10_000 {
                    accounts.insert(Account(row.login, summary.system))
                }
            }
        }
        let people = try accounts.sorted { $0.description < $1.description }.compactMap {
            try records.person(behind: $0)
        }.map { person in
            JSONValue.object([
                "account": .string(person.account.description),
                "full_name": .string(person.name), "cccd": .string(person.cccd),
                "officer_code": .string(person.officerCode), "phone": .string(person.phone),
            ])
        }
        let plain = try encodeJSON(
            JSONValue.object(["lock": .string(lock.id), "people": .array(people)]))
        return try encodeJSON(
            try SealedBox.seal(plain, passphrase: passphrase, label: [UInt8](lock.id.utf8))) + [10]
    }
}
