import Domain
import Platform
import Wire

/// The life of locks: issued, signed into lock sets, released, expired. Every change stands in the audit log with
/// who and why, and moves the version of the sets concerned. Use inside one `Store.write`.
struct LockBook {
    let records: Records
    let config: CollectorConfig
    let signingKey: Ed25519PrivateKey
    let now: Timestamp

    struct Order {
        var scope: Scope
        var reason: String
        var note: String
        var basis = ""
        var issuedBy: String
        var expiresAt: Timestamp?
        var key: String?
        var k: Int?
        /// Fills the refusal shown to clerks; nil takes the sentence of the scope.
        var message: ((_ id: String) -> Localized)?
        var evidence: [EvidenceReference] = []
    }

    @discardableResult
    func issue(_ order: Order) throws -> LockRecord {
        let number = try records.nextLockNumber()
        let id = "L-\(now.date.parts.year)-" + String(String(1_000_000 + number).dropFirst())
        let message =
            try order.message?(id) ?? refusal(order.scope, id: id, expiresAt: order.expiresAt)
        let lock = LockRecord(
            number: number, id: id, scope: order.scope, reason: order.reason, note: order.note,
            basis: order.basis, message: message, state: .active, issuedBy: order.issuedBy,
            issuedAt: now,
            expiresAt: order.expiresAt, key: order.key, k: order.k, setVersion: nil)
        try records.add(lock, evidence: String(decoding: encodeJSON(order.evidence), as: UTF8.self))
        try records.audit(
            order.issuedBy, "lock.add", "\(id) \(order.scope)",
            order.note.isEmpty ? order.reason : order.note, at: now)
        try publish(try audiences(of: order.scope))
        return try records.lock(id) ?? lock
    }

    /// Ends a lock. One set by a rule leaves a waiver, so that the same count does not lock again.
    func release(_ lock: LockRecord, by who: String, note: String, outcome: String?) throws {
        try records.end(lock, .released, at: now)
        if let rule = RuleID(rawValue: lock.reason), let key = lock.key, let k = lock.k {
            let waiver = Waiver(rule: rule, scope: lock.scope, key: key, nextK: k + 1)
            try records.add(
                waiver, until: now.advanced(byMilliseconds: 2 * Timestamp.millisecondsPerDay))
        }
        let suffix = outcome.map { " [\($0)]" } ?? ""
        try records.audit(who, "lock.release", "\(lock.id) \(lock.scope)", note + suffix, at: now)
        try publish(try audiences(of: lock.scope))
    }

    /// Locks whose end has come. True when there were any.
    func expire() throws -> Bool {
        let over = try records.locks(state: .active).filter {
            $0.expiresAt.map { $0 <= now } ?? false
        }
        for lock in over {
            try records.end(lock, .expired, at: now)
            try records.audit(
                "chot-collector", "lock.expire", "\(lock.id) \(lock.scope)", "", at: now)
        }
        try publish(Set(try over.flatMap { try audiences(of: $0.scope) }))
        return !over.isEmpty
    }

    /// Signs a set anew for each audience, with all its active locks and waivers.
    func publish(_ audiences: Set<Audience>) throws {
        guard !audiences.isEmpty else { return }
        let active = try records.locks(state: .active)
        let waivers = try records.waivers(at: now)
        for audience in audiences {
            let counter = (try records.lockSet(audience)?.counter ?? 0) + 1
            let version = Version(generation: Schema.generation, counter: counter)
            var locks: [Lock] = []
            for record in active where try self.audiences(of: record.scope).contains(audience) {
                for scope in try expanded(record.scope, for: audience) {
                    locks.append(
                        Lock(
                            id: record.id, scope: scope, reason: record.reason,
                            message: record.message,
                            issuedAt: record.issuedAt, expiresAt: record.expiresAt))
                }
                try records.noteSent(record, version)
            }
            let set = LockSet(
                audience: audience, version: version, issuedAt: now, locks: locks,
                waivers: waivers.filter { waiver in
                    waiver.scope.system.map { audience == .system($0) } ?? (audience == .nation)
                })
            try records.storeLockSet(
                audience, counter: counter,
                jws: JWS.sign(set, typ: LockSet.typ, with: signingKey))
        }
    }

    /// Which lock sets carry a scope.
    func audiences(of scope: Scope) throws -> Set<Audience> {
        if let system = scope.system { return [.system(system)] }
        guard case .person(let id) = scope else { return [.nation] }
        return Set(try records.accounts(ofPerson: id).map { .system($0.system) })
    }

    private func expanded(_ scope: Scope, for audience: Audience) throws -> [Scope] {
        guard case .person(let id) = scope else { return [scope] }
        return try records.accounts(ofPerson: id)
            .filter { audience == .system($0.system) }.map { .account($0.login, $0.system) }
    }

    /// Which systems a lock concerns.
    func systems(of scope: Scope) throws -> Set<SystemCode> {
        switch scope {
        case .unit(let unit): Set(try records.systems().filter { $0.unit == unit }.map(\.code))
        case .ipEverywhere: Set(try records.systems().map(\.code))
        case .person(let id): Set(try records.accounts(ofPerson: id).map(\.system))
        default: scope.system.map { [$0] } ?? []
        }
    }

    private func refusal(_ scope: Scope, id: String, expiresAt: Timestamp?) throws -> Localized {
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
