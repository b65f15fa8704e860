import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Issues locks, signs them into lock sets, releases and expires them. Every change is written to the audit log with
/// who and why, and raises the version of the sets concerned. Use inside one `Store.write`.
package struct LockBook {
    package let records: Records
    package let config: CollectorConfig
    package let signingKey: Ed25519PrivateKey
    package let now: Timestamp
    /// Set if a transaction makes many locks, whose sets are signed at its end (`finish`). If nil, each change signs
    /// its sets.
    package var together: LocksTogether?
    /// What to do if a set would be larger than agents take.
    package var whenFull = WhenFull.tell

    package struct Order {
        package var scope: Scope
        package var reason: String
        package var note: String
        package var basis = ""
        package var issuedBy: String
        package var expiresAt: Timestamp?
        package var key: String?
        package var k: Int?
        /// Makes the refusal shown to clerks from the lock's id. If nil, the sentence for the scope is used.
        package var message: ((_ id: String) -> Localized)?
        package var evidence: [EvidenceReference] = []
        package var figures: JSONValue = .object([:])
        package var confidence = 1.0
        package var replaces: String?

        package init(
            scope: Scope, reason: String, note: String, basis: String = "", issuedBy: String,
            expiresAt: Timestamp? = nil, key: String? = nil, k: Int? = nil,
            message: ((_ id: String) -> Localized)? = nil, evidence: [EvidenceReference] = [],
            figures: JSONValue = .object([:]), confidence: Double = 1.0, replaces: String? = nil
        ) {
            self.scope = scope
            self.reason = reason
            self.note = note
            self.basis = basis
            self.issuedBy = issuedBy
            self.expiresAt = expiresAt
            self.key = key
            self.k = k
            self.message = message
            self.evidence = evidence
            self.figures = figures
            self.confidence = confidence
            self.replaces = replaces
        }
    }

    /// Issues a lock that is in force from now on.
    @discardableResult
    package func issue(_ order: Order) throws -> LockRecord {
        if whenFull == .tell, let full = try fullSet(with: order) {
            return try proposeInstead(order, full)
        }
        let lock = try enter(order, .active, "lock.add")
        try publish(try audiences(of: order.scope))
        return try records.lock(lock.id) ?? lock
    }

    /// Makes a lock that waits for staff.
    @discardableResult
    package func propose(_ order: Order) throws -> LockRecord {
        try enter(order, .proposed, "lock.propose")
    }

    /// Issues a lock for a detector that may lock by itself. If the system is exempt or the breaker is open, the lock
    /// becomes a proposal.
    @discardableResult
    package func issueAutomatically(_ order: Order) throws -> LockRecord {
        let concerned = try systems(of: order.scope)
        let isExempt = !concerned.isDisjoint(with: config.exempt)
        guard !isExempt, try Breaker(records: records, now: now).allows(concerned, config) else {
            return try propose(order)
        }
        return try issue(order)
    }

    func lockID(_ number: Int64) -> String {
        "L-\(now.date.parts.year)-" + String(String(number.adding(1_000_000)).dropFirst())
    }

    private func enter(_ order: Order, _ state: LockState, _ action: String) throws -> LockRecord {
        let number = try records.nextLockNumber()
        let id = lockID(number)
        let message =
            try order.message?(id) ?? refusal(order.scope, id: id, expiresAt: order.expiresAt)
        var lock = LockRecord(
            number: number, id: id, scope: order.scope, reason: order.reason, note: order.note,
            basis: order.basis, message: message, state: state, issuedBy: order.issuedBy,
            issuedAt: now, expiresAt: order.expiresAt, key: order.key, k: order.k)
        lock.confidence = order.confidence
        lock.figures = String(decoding: try encodeJSON(order.figures), as: UTF8.self)
        lock.evidence = String(decoding: try encodeJSON(order.evidence), as: UTF8.self)
        lock.replaces = order.replaces
        try records.add(lock)
        try records.keep(try context(of: lock), ofLock: id, at: now)
        try records.audit(
            order.issuedBy, action, "\(id) \(order.scope)",
            order.note.isEmpty ? order.reason : order.note, at: now)
        return lock
    }

    /// Turns a proposal into a lock. Its refusal names the end that staff gave it.
    package func approve(_ lock: LockRecord, by who: String, note: String, expiresAt: Timestamp?)
        throws
    {
        let message = try refusal(lock.scope, id: lock.id, expiresAt: expiresAt)
        try records.approve(lock, by: who, expiresAt: expiresAt, message: message, at: now)
        try records.audit(who, "lock.approve", "\(lock.id) \(lock.scope)", note, at: now)
        try publish(try audiences(of: lock.scope))
    }

    package func reject(_ lock: LockRecord, by who: String, note: String) throws {
        try records.end(lock, .rejected, by: who, note: note, at: now)
        try records.audit(who, "lock.reject", "\(lock.id) \(lock.scope)", note, at: now)
    }

    /// Ends a lock. If a rule set it, this leaves a waiver, so that the same count does not lock again.
    package func release(_ lock: LockRecord, by who: String, note: String, outcome: String?) throws
    {
        try end(lock, by: who, note: note, outcome: outcome)
        try publish(try audiences(of: lock.scope))
    }

    /// Replaces a lock by one of a wider or narrower scope, in one transaction and one set, so that there is no moment
    /// without a lock.
    package func replace(_ lock: LockRecord, scope: Scope, by who: String, note: String) throws
        -> LockRecord
    {
        var order = Order(
            scope: scope, reason: lock.reason, note: note, basis: lock.basis, issuedBy: who,
            expiresAt: lock.expiresAt)
        order.replaces = lock.id
        order.confidence = lock.confidence
        let entered = try enter(order, .active, "lock.replace")
        try end(lock, by: who, note: "replaced by \(entered.id): \(note)", outcome: nil)
        try publish(try audiences(of: lock.scope).union(audiences(of: scope)))
        return try records.lock(entered.id) ?? entered
    }

    private func end(_ lock: LockRecord, by who: String, note: String, outcome: String?) throws {
        try records.end(lock, .released, by: who, note: note, outcome: outcome, at: now)
        if let rule = RuleID(rawValue: lock.reason), let key = lock.key, let k = lock.k {
            let reached = max(k, try breach(rule, lock.scope, key))
            let waiver = Waiver(rule: rule, scope: lock.scope, key: key, nextK: reached.adding(1))
            try records.add(
                waiver, until: now.advanced(byMilliseconds: 2 * Timestamp.millisecondsPerDay))
        }
        let suffix = outcome.map { " [\($0)]" } ?? ""
        try records.audit(who, "lock.release", "\(lock.id) \(lock.scope)", note + suffix, at: now)
    }

    /// Returns the breach that the next query would be. Agents that could not hear of each other may be far past the
    /// breach that locked.
    private func breach(_ rule: RuleID, _ scope: Scope, _ key: String) throws -> Int {
        guard let id = Quota.ID(rule: rule, scope: scope, key: key),
            let system = try scope.system.flatMap({ try records.system($0) })
        else { return 0 }
        let total = try records.tally(id, system.code)
        return try quotas(of: system).quota(id)?.threshold.breach(atQuery: total.adding(1)) ?? 0
    }

    /// The most locks that end in one transaction; many end together with a window.
    private static let endingMax = 50

    /// Ends some of the locks whose end has passed for certain. Returns true if there were any.
    package func expire(by certain: Timestamp) throws -> Bool {
        let over = try records.expiredLocks(at: certain, countMax: Self.endingMax)
        for lock in over {
            try records.end(lock, .expired, by: "chot-collector", note: "", at: now)
            try records.audit(
                "chot-collector", "lock.expire", "\(lock.id) \(lock.scope)", "", at: now)
        }
        try publish(Set(try over.flatMap { try audiences(of: $0.scope) }))
        return !over.isEmpty
    }

    /// Returns the breach at which a quota locks, which a release may have moved.
    package func lockingBreach(_ quota: Quota, _ system: SystemCode) throws -> Int {
        let moved = try records.waiver(
            quota.id.rule, quota.id.scope(in: system), key: quota.id.key, at: now)
        return max(quota.lockAt, moved ?? quota.lockAt)
    }

    /// Whether the same rule locked the scope so often that its lock gets no end, and staff must release it.
    package func isRepeatOffender(_ rule: RuleID, _ scope: Scope) throws -> Bool {
        guard config.repeatOffender.times > 0 else { return false }
        let since = now.advanced(byMilliseconds: -config.repeatOffender.withinMilliseconds)
        let former = try records.lockCount(reason: rule.rawValue, scope: scope, since: since)
        return former.adding(1) >= config.repeatOffender.times
    }

    /// Judges again, by corrected numbers, the locks that wrong numbers made. Releases and returns those that no longer
    /// stand.
    package func rejudge(_ systems: [SystemRecord], outcome: String?) throws -> [LockRecord] {
        // Locks taken back after a restore are not judged, because the counts behind them may not be back yet.
        let active = try systems.flatMap { try records.ruleLocks(of: $0.code) }
            .filter { $0.issuedBy != TakeBack.who }
        guard !active.isEmpty else { return [] }
        var released: [LockRecord] = []
        for lock in active {
            guard let system = systems.first(where: { $0.code == lock.scope.system }),
                let rule = RuleID(rawValue: lock.reason), let key = lock.key, let k = lock.k,
                let id = Quota.ID(rule: rule, scope: lock.scope, key: key)
            else { continue }
            let quotas = try quotas(of: system)
            let total = try records.tally(id, system.code)
            // No lock stands if its rule no longer refuses (in an emergency, or for an exempt system).
            guard let quota = try quotas.quota(id),
                !quota.effect.refuses || total < quota.threshold.passing(beforeBreach: k)
            else { continue }
            try records.end(
                lock, .released, by: "chot-collector",
                note: "registered volume is now \(quota.registered)",
                outcome: outcome, at: now)
            try records.markVoid(lock)
            try records.audit(
                "chot-collector", "lock.rejudge", "\(lock.id) \(lock.scope)",
                "\(total) of now \(quota.registered) registered: no breach \(k)", at: now)
            released.append(lock)
        }
        try publish(Set(try released.flatMap { try audiences(of: $0.scope) }))
        return released
    }

    func quotas(of system: SystemRecord) throws -> RegisteredQuotas {
        RegisteredQuotas(
            records: records, system: system.code,
            policy: try records.terms(system, config, at: now), now: now)
    }

    /// Signs each audience's set anew, with all its active locks and waivers.
    package func publish(_ audiences: Set<Audience>) throws {
        if let together {
            together.audiences.formUnion(audiences)
            return
        }
        guard !audiences.isEmpty else { return }
        let active = try activeLocks(of: audiences)
        let waivers = try records.waivers(at: now)
        let generation = try records.generation()
        for audience in audiences {
            let counter = (try records.lockSet(audience)?.counter ?? 0).adding(1)
            let version = Version(generation: generation, counter: counter)
            var locks: [Lock] = []
            for record in active where try self.audiences(of: record.scope).contains(audience) {
                for scope in try expanded(record.scope, for: audience) {
                    locks.append(
                        Lock(
                            id: record.id, scope: scope, reason: record.reason,
                            message: record.message,
                            issuedAt: record.issuedAt, expiresAt: record.expiresAt,
                            key: record.key, k: record.k))
                }
                try records.noteSent(record, version)
            }
            var set = LockSet(
                audience: audience, version: version, issuedAt: now, locks: locks,
                waivers: waivers.filter { waiver in
                    waiver.scope.system.map { audience == .system($0) } ?? (audience == .nation)
                })
            if audience == .nation { set.audit = try records.auditHead() }
            let jws = try JWS.sign(set, typ: LockSet.typ, with: signingKey)
            guard try fits(audience, jws.utf8.count) else { continue }
            try records.storeLockSet(audience, counter: counter, jws: jws)
        }
    }

    /// Returns the locks of all sets, or only those of one system and of persons, since mostly one system's set is
    /// signed.
    private func activeLocks(of audiences: Set<Audience>) throws -> [LockRecord] {
        guard audiences.count == 1, case .system(let system)? = audiences.first else {
            return try records.locks(state: .active)
        }
        return try records.activeLocks(of: system)
    }

    /// Returns which lock sets carry a scope.
    package func audiences(of scope: Scope) throws -> Set<Audience> {
        if let system = scope.system { return [.system(system)] }
        guard case .person(let id) = scope else { return [.nation] }
        return Set(try records.accounts(ofPerson: id).map { .system($0.system) })
    }

    /// Returns what agents are told of a scope: for a person, the accounts.
    func expanded(_ scope: Scope, for audience: Audience) throws -> [Scope] {
        guard case .person(let id) = scope else { return [scope] }
        return try records.accounts(ofPerson: id)
            .filter { audience == .system($0.system) }.map { .account($0.login, $0.system) }
    }

    /// Returns the systems that a lock concerns.
    package func systems(of scope: Scope) throws -> Set<SystemCode> {
        switch scope {
        case .unit(let unit): Set(try records.systems().filter { $0.unit == unit }.map(\.code))
        case .ipEverywhere: Set(try records.systems().map(\.code))
        case .person(let id): Set(try records.accounts(ofPerson: id).map(\.system))
        default: scope.system.map { [$0] } ?? []
        }
    }

    package func refusal(_ scope: Scope, id: String, expiresAt: Timestamp?) throws -> Localized {
        var words: [String: Localized] = [
            "code": .same(id), "lock_id": .same(id), "contact": config.contact,
            "until": until(expiresAt),
        ]
        let key: MessageKey
        if let system = try scope.system.flatMap({ try records.system($0) }) {
            words["system_name"] = .same(system.name)
        }
        switch scope {
        case .account(let login, _):
            key = .refuseLockedAccount
            words["account"] = .same(shown(login.rawValue))
        case .service(let service, _):
            key = .refuseLockedService
            words["service_name"] = serviceName(service)
        case .system: key = .refuseLockedSystem
        case .unit(let unit):
            key = .refuseLockedUnit
            words["unit_name"] = .same(try records.unitName(unit) ?? unit.rawValue)
        case .ip, .ipEverywhere: key = .refuseLockedIp
        case .person:
            key = .refuseLockedAccount
            words["account"] = Localized(vi: "của cán bộ này", en: "of this officer")
        }
        return key.text(words)
    }
}

/// Makes lock books, each for one transaction.
package struct LockOffice: Sendable {
    package let config: CollectorConfig
    package let signingKey: Ed25519PrivateKey

    package init(
        config: CollectorConfig, signingKey: Ed25519PrivateKey
    ) {
        self.config = config
        self.signingKey = signingKey
    }

    package func book(_ records: Records, at now: Timestamp) -> LockBook {
        LockBook(records: records, config: config, signingKey: signingKey, now: now)
    }
}
