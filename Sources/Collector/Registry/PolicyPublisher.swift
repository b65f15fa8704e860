import CollectorBackups
import CollectorDelivery
import CollectorEvidence
import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Synchronization
import Wire

/// Reads and signs policies beside the writer, one system after the other. Then it writes them in a short transaction,
/// and only if nothing changed meanwhile. It looks only at marked systems (`Records.markPolicy`). Thread-safe.
package final class PolicyPublisher: Sendable {
    private let store: any Store
    private let locks: LockOffice
    private let delivery: Delivery
    private let metrics: Metrics
    /// A digest of the configuration that policies depend on, by unit and exemption.
    private let grounds = Mutex<[String: String]>([:])

    package init(store: any Store, locks: LockOffice, delivery: Delivery, metrics: Metrics) {
        (self.store, self.locks, self.delivery, self.metrics) = (store, locks, delivery, metrics)
    }

    private var config: CollectorConfig { locks.config }

    /// A system that changes faster than its policy can be signed is left to the next call.
    private static let triesMax = 3

    private struct Draft {
        let system: SystemRecord
        let content: String
        let ground: String
        /// Nil if the policy is the same as the one signed last.
        var jws: String?
        var counter: Int64 = 0
        /// The size in bytes if the policy is too large for agents.
        var tooLarge: Int?
    }

    /// Signs the policies of these systems (nil: of all) whose registration, mode, terms, configuration or keys
    /// changed, and tells the agents. Locks that the change shows to be wrong are released and returned. After `until`
    /// (monotonic milliseconds) no further policy is begun; the rest stays marked.
    @discardableResult
    package func publish(of systems: [SystemCode]? = nil, until: Int64 = .max) throws
        -> [LockRecord]
    {
        if systems == nil { try markChangedGrounds() }
        let due: [Records.PendingPolicy] = try store.read { records in
            guard let systems else { return try records.pendingPolicies() }
            return try systems.flatMap { try records.pendingPolicies($0) }
        }
        var released: [LockRecord] = []
        var lastRefresh = MonotonicClock.milliseconds()
        for first in due {
            var pending: Records.PendingPolicy? = first
            var tries = 0
            while let one = pending, tries < Self.triesMax {
                guard MonotonicClock.milliseconds() < until else { break }
                if let done = try publish(one) {
                    released += done
                    break
                }
                tries += 1
                pending = try store.read { try $0.pendingPolicies(one.system).first }
            }
            // Agents need not wait until a long list is done.
            if MonotonicClock.milliseconds() - lastRefresh > 500 {
                try store.read { try delivery.refresh($0) }
                lastRefresh = MonotonicClock.milliseconds()
            }
        }
        try store.read { try delivery.refresh($0) }
        return released
    }

    /// Publishes the policy of one system. Returns nil if it was changed again meanwhile and must be looked at once
    /// more.
    private func publish(_ pending: Records.PendingPolicy) throws -> [LockRecord]? {
        let now = Timestamp.now
        if try !store.read({ try $0.hasPolicyKeys(pending.system, at: now) }) {
            try store.write(as: .rules) { try $0.makePolicyKeys(pending.system, at: now) }
        }
        let made = try store.read { records in
            try records.system(pending.system).map { try draft(of: $0, records, at: now) }
        }
        let released: [LockRecord]? = try store.write(as: .rules) { records in
            guard try records.clear(pending) else { return nil }
            guard let made else { return [] }
            if let bytes = made.tooLarge {
                try tellTooLarge(made.system, bytes, records, at: now)
            } else if let jws = made.jws {
                try records.storePolicy(
                    pending.system, counter: made.counter, content: made.content, jws: jws, at: now)
            }
            try records.note(ground: made.ground, pending.system)
            let book = locks.book(records, at: .now)
            try book.publish(try missingSets(pending.system, records))
            return try book.rejudge([made.system], outcome: pending.outcome)
        }
        if released != nil, let bytes = made?.tooLarge {
            metrics.add("chot_collector_refused_total", "why=\"policy_size\"")
            Log.error(
                "a policy is too large to be offered; its agents keep the former one",
                [
                    "system": pending.system, "bytes": bytes, "limit": PolicySize.bytesMax,
                ])
        }
        return released
    }

    private func draft(of system: SystemRecord, _ records: Records, at now: Timestamp) throws
        -> Draft
    {
        var policy = try records.policyContent(system, config, at: now)
        let content = Base64URL.encode(Digest.sha256(try encodeJSON(policy)))
        let stored = try records.storedPolicy(system.code)
        var made = Draft(
            system: system, content: content, ground: try ground(of: system, at: now))
        if stored?.content == content { return made }
        made.counter = (stored?.counter ?? 0).adding(1)
        policy.version = Version(generation: try records.generation(), counter: made.counter)
        policy.issuedAt = now
        let payload = try encodeJSON(policy)
        let bytes = PolicySize.signedBytes(payload: payload.count)
        if bytes > PolicySize.bytesMax {
            made.tooLarge = bytes
        } else {
            made.jws = try JWS.sign(payload, typ: Policy.typ, with: locks.signingKey)
        }
        return made
    }

    /// Returns lock sets that were never signed in this generation, and the system's own if its accounts may belong to
    /// a locked person, since some may have come, gone or moved.
    private func missingSets(_ system: SystemCode, _ records: Records) throws -> Set<Audience> {
        var missing: Set<Audience> = []
        if try records.lockSet(.nation) == nil { missing.insert(.nation) }
        if try records.lockSet(.system(system)) == nil { missing.insert(.system(system)) }
        if try records.hasPersonLocks() { missing.insert(.system(system)) }
        return missing
    }

    private func tellTooLarge(
        _ system: SystemRecord, _ bytes: Int, _ records: Records, at now: Timestamp
    ) throws {
        try records.add(
            Finding(
                rule: .i1, kind: "policy_size", scope: Scope.system(system.code).description,
                key: now.date.description, from: now, at: now,
                message: MessageKey.alertI1PolicySize.text([
                    "system_name": .same(system.name), "unit_name": .same(system.unitName),
                    "count": .same(bytes), "limit": .same(PolicySize.bytesMax),
                ]),
                figures: [
                    "bytes": .integer(Int64(bytes)), "limit": .integer(Int64(PolicySize.bytesMax)),
                ], evidence: []))
    }

    /// Marks systems whose policy was made from another configuration or other keys of the day, and those for which
    /// nothing was signed.
    func markChangedGrounds() throws {
        let now = Timestamp.now
        var (due, hasNation): ([SystemCode], Bool) = try store.read { records in
            let known = try records.policyGrounds()
            var due = Set(try records.unsignedSystems())
            for system in try records.systems()
            where try known[system.code] != ground(of: system, at: now) {
                due.insert(system.code)
            }
            return (due.sorted(), try records.lockSet(.nation) != nil)
        }
        if !hasNation {
            try store.write(as: .rules) { try locks.book($0, at: .now).publish([.nation]) }
        }
        while !due.isEmpty {
            let some = due.prefix(200)
            try store.write(as: .rules) { records in
                for system in some {
                    // A mark that is there already keeps the outcome of its change.
                    guard try records.pendingPolicies(system).isEmpty else { continue }
                    try records.markPolicy(system)
                }
            }
            due.removeFirst(some.count)
        }
    }

    /// Returns what a system's policy depends on besides the registry: its part of the configuration, and the dates of
    /// its keys.
    private func ground(of system: SystemRecord, at now: Timestamp) throws -> String {
        let days = DayKey.dates(at: now, place: system.code.rotationPlace)
        return try configGround(system) + " " + days.map(\.description).joined(separator: " ")
    }

    private func configGround(_ system: SystemRecord) throws -> String {
        let isExempt = config.exempt.contains(system.code)
        let key =
            "\(config.unitCalendars[system.unit.rawValue] == nil ? "" : system.unit.rawValue) \(isExempt)"
        if let known = grounds.withLock({ $0[key] }) { return known }
        var policy = Policy(
            system: SystemCode(unchecked: ""), systemName: "", unit: UnitCode(unchecked: ""),
            unitName: "", version: Version(generation: 0, counter: 0),
            issuedAt: Timestamp(milliseconds: 0), mode: .observe, contact: config.contact,
            calendar: config.calendar(of: system.unit), rules: config.rules, accounts: [],
            services: [])
        policy.isExempt = isExempt
        let digest = Base64URL.encode(Digest.sha256(try encodeJSON(policy)))
        grounds.withLock { $0[key] = digest }
        return digest
    }
}
