import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Takes back, after a restore from a backup, what was locked and released since the backup, from the sets that agents
/// hold (docs/decisions/0015). An agent gets a new set only after it has told the one it holds, so no lock that is
/// enforced anywhere is lost on the way. Use inside one `Store.write`.
package struct TakeBack {
    package static let who = "restore"

    package let records: Records
    package let book: LockBook
    package let now: Timestamp

    package init(
        records: Records, book: LockBook, now: Timestamp
    ) {
        self.records = records
        self.book = book
        self.now = now
    }

    package struct Outcome {
        package var taken: [String] = []
        package var ended: [String] = []

        package init(
            taken: [String] = [], ended: [String] = []
        ) {
            self.taken = taken
            self.ended = ended
        }
    }

    /// Takes in a set that this collector signed before the restore. Returns nil if something as new is already known.
    package func take(_ set: LockSet, _ audience: Audience) throws -> Outcome? {
        let former = try records.formerSets()
        guard !former.isEmpty, set.version.generation < (try records.generation()),
            former[audience].map({ $0 < set.version }) ?? true
        else { return nil }
        var outcome = Outcome()
        var byID: [String: [Lock]] = [:]
        for lock in set.locks where lock.isInForce(at: now) {
            byID[lock.id, default: []].append(lock)
        }
        for (_, locks) in byID.sorted(by: { $0.key < $1.key }) {
            outcome.taken += try takeBack(locks, audience)
        }
        outcome.ended = try end(absentFrom: set, audience)
        for waiver in set.waivers {
            try records.add(
                waiver, until: now.advanced(byMilliseconds: 2 * Timestamp.millisecondsPerDay))
        }
        try records.noteFormerSet(audience, set.version)
        let touched = try (outcome.taken + outcome.ended).compactMap { try records.lock($0)?.scope }
        try book.publish(Set(try touched.flatMap { try book.audiences(of: $0) }).union([audience]))
        return outcome
    }

    /// Takes back the locks of one number in one set. Those that are known here, active or ended, are left as they are.
    /// Returns the ids of the locks that are newly in force.
    private func takeBack(_ locks: [Lock], _ audience: Audience) throws -> [String] {
        guard let first = locks.first else { return [] }
        var taken: [String] = []
        let known = try records.locks(issuedAt: first.issuedAt).filter { isSame($0, first) }
        for proposal in known where proposal.state == .proposed {
            try records.approve(
                proposal, by: Self.who, expiresAt: first.expiresAt, message: first.message, at: now)
            try records.audit(
                Self.who, "lock.approve", "\(proposal.id) \(proposal.scope)",
                "approved after the backup, as agents hold it", at: now)
            taken.append(proposal.id)
        }
        let covered = Set(try known.flatMap { try book.expanded($0.scope, for: audience) })
        let missing = locks.filter { !covered.contains($0.scope) }
        for scope in try scopes(missing, audience) {
            taken.append(try enter(first, scope))
        }
        return taken
    }

    /// The number alone proves nothing, since a restored collector may give it to another lock.
    private func isSame(_ record: LockRecord, _ lock: Lock) -> Bool {
        record.issuedAt == lock.issuedAt && record.reason == lock.reason
            && (record.id == lock.id || record.issuedBy == Self.who)
    }

    /// Returns exactly what was locked. Several accounts under one number are a person's if they are all the accounts
    /// that the person has there.
    private func scopes(_ locks: [Lock], _ audience: Audience) throws -> [Scope] {
        let scopes = Set(locks.map(\.scope))
        if scopes.count > 1, case .account(let login, let system)? = scopes.first,
            let person = try records.account(login, system)?.person,
            Set(try book.expanded(.person(person), for: audience)) == scopes
        {
            return [.person(person)]
        }
        return scopes.sorted { $0.description < $1.description }
    }

    /// Enters the lock under its own number, or the next one if that is taken.
    private func enter(_ lock: Lock, _ scope: Scope) throws -> String {
        var (number, id) = (Int64(lock.id.split(separator: "-").last ?? "") ?? 0, lock.id)
        let isFree = try records.lock(id) == nil && records.isFree(lockNumber: number)
        if number < 1 || !isFree {
            number = try records.nextLockNumber()
            id = book.lockID(number)
        }
        var record = LockRecord(
            number: number, id: id, scope: scope, reason: lock.reason,
            note: "lấy lại từ điểm chốt sau khi khôi phục / taken back from agents after a restore",
            basis: "", message: lock.message, state: .active, issuedBy: Self.who,
            issuedAt: lock.issuedAt, expiresAt: lock.expiresAt)
        (record.key, record.k) = try breach(lock, scope)
        if let key = record.key, let k = record.k,
            try records.hasLock(reason: record.reason, scope: scope, key: key, k: k)
        {
            (record.key, record.k) = (nil, nil)
        }
        try records.add(record)
        try records.audit(
            Self.who, "lock.takeback", "\(id) \(scope)",
            "signed by this collector before, as \(lock.id)", at: now)
        return id
    }

    /// Returns which breach of R1–R3 it was, so that the same counts, told again, do not lock a second time. Sets of
    /// earlier programs do not say.
    private func breach(_ lock: Lock, _ scope: Scope) throws -> (String?, Int?) {
        if let key = lock.key, let k = lock.k { return (key, k) }
        guard let rule = RuleID(rawValue: lock.reason), [.r1, .r2, .r3].contains(rule),
            let code = scope.system, let system = try records.system(code)
        else { return (nil, nil) }
        let calendar = book.config.calendar(of: code.unit)
        let key =
            rule == .r1
            ? calendar.day(at: lock.issuedAt).description
            : "\(calendar.window(at: lock.issuedAt).date)/\(rule == .r2 ? "office" : "off")"
        guard let id = Quota.ID(rule: rule, scope: scope, key: key),
            let quota = try book.quotas(of: system).quota(id)
        else { return (nil, nil) }
        return (key, quota.lockAt)
    }

    /// Ends locks that are missing from a set that was signed after they were issued.
    private func end(absentFrom set: LockSet, _ audience: Audience) throws -> [String] {
        let present = Dictionary(grouping: set.locks, by: \.issuedAt)
        var ended: [String] = []
        for lock in try records.locks(state: .active)
        where (lock.approvedAt ?? lock.issuedAt) < set.issuedAt {
            guard try book.audiences(of: lock.scope).contains(audience) else { continue }
            let own = Set(try book.expanded(lock.scope, for: audience))
            let told = present[lock.issuedAt] ?? []
            if told.contains(where: { isSame(lock, $0) && own.contains($0.scope) }) { continue }
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
