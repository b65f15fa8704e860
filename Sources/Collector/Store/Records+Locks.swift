import Domain
import Platform

struct LockRecord {
    let number: Int64
    let id: String
    let scope: Scope
    let reason: String
    let note: String
    let basis: String
    let message: Localized
    let state: LockState
    let issuedBy: String
    let issuedAt: Timestamp
    let expiresAt: Timestamp?
    let key: String?
    let k: Int?
    /// The lock-set version with which it first went out.
    let setVersion: Version?
}

extension Records {
    private static let lockColumns = """
        number, id, scope, reason, note, basis, vi, en, state, issued_by, issued_at, expires_at, key, k, set_version
        """

    private func readLock(_ row: SQLiteRow) throws -> LockRecord {
        guard let scope = Scope(row.text(2)) else {
            throw CommandFailure(.failed, "lock \(row.text(1)): \(Scope.rule)")
        }
        return LockRecord(
            number: row.integer(0), id: row.text(1), scope: scope, reason: row.text(3),
            note: row.text(4),
            basis: row.text(5), message: Localized(vi: row.text(6), en: row.text(7)),
            state: LockState(rawValue: row.text(8)) ?? .active, issuedBy: row.text(9),
            issuedAt: Timestamp(milliseconds: row.integer(10)),
            expiresAt: row.integerOrNil(11).map { Timestamp(milliseconds: $0) },
            key: row.textOrNil(12),
            k: row.integerOrNil(13).map { Int($0) },
            setVersion: row.textOrNil(14).flatMap { Version($0) })
    }

    func locks(state: LockState? = nil) throws -> [LockRecord] {
        try db.rows(
            "SELECT \(Self.lockColumns) FROM lock WHERE ?1 IS NULL OR state = ?1 ORDER BY number",
            .optional(state?.rawValue), read: readLock)
    }

    func lock(_ id: String) throws -> LockRecord? {
        try db.first("SELECT \(Self.lockColumns) FROM lock WHERE id = ?", .text(id), read: readLock)
    }

    func nextLockNumber() throws -> Int64 {
        try db.first("SELECT COALESCE(MAX(number), 0) + 1 FROM lock") { $0.integer(0) } ?? 1
    }

    func add(_ lock: LockRecord, evidence: String) throws {
        try db.run(
            """
            INSERT INTO lock (number, id, scope, reason, note, basis, vi, en, state, issued_by, issued_at, expires_at,
            key, k, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .integer(lock.number), .text(lock.id), .text(lock.scope.description),
            .text(lock.reason),
            .text(lock.note), .text(lock.basis), .text(lock.message.vi), .text(lock.message.en),
            .text(lock.state.rawValue), .text(lock.issuedBy), lock.issuedAt.value,
            .optional(lock.expiresAt?.milliseconds), .optional(lock.key),
            .optional(lock.k.map { Int64($0) }), .text(evidence))
    }

    func hasLock(reason: String, scope: Scope, key: String, k: Int) throws -> Bool {
        try db.first(
            "SELECT 1 FROM lock WHERE reason = ? AND scope = ? AND key = ? AND k = ?",
            .text(reason),
            .text(scope.description), .text(key), .integer(Int64(k))
        ) { _ in true } ?? false
    }

    func end(_ lock: LockRecord, _ state: LockState, at time: Timestamp) throws {
        try db.run(
            "UPDATE lock SET state = ?, ended_at = ? WHERE number = ?", .text(state.rawValue),
            time.value, .integer(lock.number))
    }

    func noteSent(_ lock: LockRecord, _ version: Version) throws {
        try db.run(
            "UPDATE lock SET set_version = ? WHERE number = ? AND set_version IS NULL",
            .text(version.description), .integer(lock.number))
    }

    func add(_ waiver: Waiver, until: Timestamp) throws {
        try db.run(
            """
            INSERT INTO waiver (rule, scope, key, next_k, until) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET next_k = MAX(next_k, excluded.next_k), until = excluded.until
            """, .text(waiver.rule.rawValue), .text(waiver.scope.description), .text(waiver.key),
            .integer(Int64(waiver.nextK)), until.value)
    }

    func waivers(at now: Timestamp) throws -> [Waiver] {
        try db.rows("SELECT rule, scope, key, next_k FROM waiver WHERE until > ?", now.value) {
            row in
            guard let rule = RuleID(rawValue: row.text(0)), let scope = Scope(row.text(1)) else {
                return nil
            }
            return Waiver(rule: rule, scope: scope, key: row.text(2), nextK: Int(row.integer(3)))
        }.compactMap { $0 }
    }

    func lockSet(_ audience: Audience) throws -> (counter: Int64, jws: String)? {
        try db.first(
            "SELECT counter, jws FROM lock_set WHERE audience = ?", .text(audience.description)
        ) {
            ($0.integer(0), $0.text(1))
        }
    }

    func storeLockSet(_ audience: Audience, counter: Int64, jws: String) throws {
        try db.run(
            "INSERT OR REPLACE INTO lock_set (audience, counter, jws) VALUES (?, ?, ?)",
            .text(audience.description), .integer(counter), .text(jws))
    }
}
