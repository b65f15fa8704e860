import Domain
import Platform
import Wire

/// A collector restored from a backup takes back what was locked and released after it, from the sets that its agents
/// hold (design 07, "Collector restored from backup"). An agent is given a new set only after it has told the one it
/// holds, so no lock that is enforced anywhere gets lost on the way. Use inside one `Store.write`.
struct TakeBack {
    static let who = "restore"

    let records: Records
    let book: LockBook
    let now: Timestamp

    struct Outcome {
        var taken: [String] = []
        var ended: [String] = []
    }

    /// Takes in a set that this collector signed before it was restored; nil: something as new is known already.
    func take(_ set: LockSet, _ audience: Audience) throws -> Outcome? {
        let former = try records.formerSets()
        guard !former.isEmpty, set.version.generation < (try records.generation()),
            former[audience].map({ $0 < set.version }) ?? true
        else { return nil }
        var outcome = Outcome()
        var byID: [String: [Lock]] = [:]
        for lock in set.locks where lock.isInForce(at: now) {
            byID[lock.id, default: []].append(lock)
        }
        for (id, locks) in byID.sorted(by: { $0.key < $1.key }) where try takeBack(id, locks) {
            outcome.taken.append(id)
        }
        outcome.ended = try end(absentFrom: Set(set.locks.map(\.id)), set, audience)
        for waiver in set.waivers {
            try records.add(
                waiver, until: now.advanced(byMilliseconds: 2 * Timestamp.millisecondsPerDay))
        }
        try records.noteFormerSet(audience, set.version)
        let touched = try (outcome.taken + outcome.ended).compactMap { try records.lock($0)?.scope }
        try book.publish(Set(try touched.flatMap { try book.audiences(of: $0) }).union([audience]))
        return outcome
    }

    /// False: it is in force here already.
    private func takeBack(_ id: String, _ locks: [Lock]) throws -> Bool {
        guard let first = locks.first else { return false }
        if let known = try records.lock(id) {
            guard known.state == .proposed else { return false }
            try records.approve(
                known, by: Self.who, expiresAt: first.expiresAt, message: first.message, at: now)
            try records.audit(
                Self.who, "lock.approve", "\(id) \(known.scope)",
                "approved after the backup, as agents hold it", at: now)
            return true
        }
        guard let number = Int64(id.split(separator: "-").last ?? "") else { return false }
        let scope = try scope(locks)
        var lock = LockRecord(
            number: try records.isFree(lockNumber: number)
                ? number : try records.nextLockNumber(),
            id: id, scope: scope, reason: first.reason,
            note: "lấy lại từ điểm chốt sau khi khôi phục / taken back from agents after a restore",
            basis: "", message: first.message, state: .active, issuedBy: Self.who,
            issuedAt: first.issuedAt, expiresAt: first.expiresAt)
        (lock.key, lock.k) = try breach(first, scope)
        if let key = lock.key, let k = lock.k,
            try records.hasLock(reason: lock.reason, scope: scope, key: key, k: k)
        {
            (lock.key, lock.k) = (nil, nil)
        }
        try records.add(lock)
        try records.audit(
            Self.who, "lock.takeback", "\(id) \(scope)", "signed by this collector before", at: now)
        return true
    }

    /// A person's lock went out as locks of its accounts.
    private func scope(_ locks: [Lock]) throws -> Scope {
        let scopes = Set(locks.map(\.scope))
        if scopes.count == 1, let only = scopes.first, locks[0].reason != RuleID.x1.rawValue {
            return only
        }
        let persons = try Set(
            scopes.map { scope -> String? in
                guard case .account(let login, let system) = scope else { return nil }
                return try records.account(login, system)?.person
            })
        if persons.count == 1, let person = persons.first ?? nil { return .person(person) }
        return locks[0].scope
    }

    /// Which breach of R1–R3 it was, so that the same counts, told again, lock no second time.
    private func breach(_ lock: Lock, _ scope: Scope) throws -> (String?, Int?) {
        guard let rule = RuleID(rawValue: lock.reason), [.r1, .r2, .r3].contains(rule),
            let system = scope.system
        else { return (nil, nil) }
        let calendar = book.config.calendar(of: system.unit)
        let key =
            rule == .r1
            ? calendar.day(at: lock.issuedAt).description
            : "\(calendar.window(at: lock.issuedAt).date)/\(rule == .r2 ? "office" : "off")"
        return (key, book.config.setting(rule).lockAt)
    }

    /// Locks that stand here and are no longer in a set that was signed after they were issued.
    private func end(absentFrom present: Set<String>, _ set: LockSet, _ audience: Audience) throws
        -> [String]
    {
        var ended: [String] = []
        for lock in try records.locks(state: .active)
        where !present.contains(lock.id)
            && (lock.approvedAt ?? lock.issuedAt) < set.issuedAt
        {
            guard try book.audiences(of: lock.scope).contains(audience) else { continue }
            let isOver = lock.expiresAt.map { $0 <= now } ?? false
            let note =
                "đã hết hiệu lực hoặc được mở sau bản sao lưu / over or released after the backup"
            try records.end(lock, isOver ? .expired : .released, by: Self.who, note: note, at: now)
            try records.audit(Self.who, "lock.release", "\(lock.id) \(lock.scope)", note, at: now)
            ended.append(lock.id)
        }
        return ended
    }
}
