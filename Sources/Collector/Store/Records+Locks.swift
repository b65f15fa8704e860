import CollectorValues
import Domain
import Platform

extension Records {
    private static let lockColumns = """
        number, id, scope, reason, note, basis, vi, en, state, issued_by, issued_at, expires_at, key, k,
        set_version, confidence, figures, evidence, approved_by, approved_at, ended_at, ended_by,
        end_note, outcome, replaces, first_refusal, refused
        """

    private func readLock(_ row: SQLiteRow) throws -> LockRecord {
        guard let scope = Scope(row.text(2)) else {
            throw CommandFailure(
                .failed, "lock \(row.text(1)): \(Scope.rule)",
                vi:
                    "lệnh khóa \(row.text(1)): phạm vi trong cơ sở dữ liệu không đọc được (\(Scope.rule))"
            )
        }
        func time(_ column: Int32) -> Timestamp? {
            row.integerOrNil(column).map { Timestamp(milliseconds: $0) }
        }
        return LockRecord(
            number: row.integer(0), id: row.text(1), scope: scope, reason: row.text(3),
            note: row.text(4), basis: row.text(5),
            message: Localized(vi: row.text(6), en: row.text(7)),
            state: LockState(rawValue: row.text(8)) ?? .active, issuedBy: row.text(9),
            issuedAt: Timestamp(milliseconds: row.integer(10)), expiresAt: time(11),
            key: row.textOrNil(12), k: row.integerOrNil(13).map { Int($0) },
            setVersion: row.textOrNil(14).flatMap { Version($0) },
            confidence: Double(row.integer(15)) / 1000, figures: row.text(16),
            evidence: row.text(17), approvedBy: row.textOrNil(18), approvedAt: time(19),
            endedAt: time(20), endedBy: row.textOrNil(21), endNote: row.textOrNil(22),
            outcome: row.textOrNil(23), replaces: row.textOrNil(24), firstRefusal: time(25),
            refused: row.integer(26))
    }

    package func locks(state: LockState? = nil) throws -> [LockRecord] {
        try db.rows(
            "SELECT \(Self.lockColumns) FROM lock WHERE ?1 IS NULL OR state = ?1 ORDER BY number",
            .optional(state?.rawValue), read: readLock)
    }

    /// Returns the active locks within a system, and those of persons, who may have accounts there.
    package func activeLocks(of system: SystemCode) throws -> [LockRecord] {
        try db.rows(
            """
            SELECT \(Self.lockColumns) FROM lock WHERE state = 'active'
            AND (substr(scope, -length(?1) - 1) IN ('@' || ?1, '=' || ?1) OR scope LIKE 'person=%')
            ORDER BY number
            """, .text(system.rawValue), read: readLock)
    }

    /// Returns the active locks within a system that rules issued; corrected numbers may undo them.
    package func ruleLocks(of system: SystemCode) throws -> [LockRecord] {
        try db.rows(
            """
            SELECT \(Self.lockColumns) FROM lock WHERE state = 'active' AND key IS NOT NULL
            AND substr(scope, -length(?1) - 1) IN ('@' || ?1, '=' || ?1) ORDER BY number
            """, .text(system.rawValue), read: readLock)
    }

    /// Returns at most `countMax` active locks whose end has come.
    package func expiredLocks(at now: Timestamp, countMax: Int) throws -> [LockRecord] {
        try db.rows(
            """
            SELECT \(Self.lockColumns) FROM lock WHERE state = 'active' AND expires_at <= ?
            ORDER BY number LIMIT ?
            """, now.value, .integer(Int64(countMax)), read: readLock)
    }

    package func hasExpiredLocks(at now: Timestamp) throws -> Bool {
        try db.first(
            "SELECT 1 FROM lock WHERE state = 'active' AND expires_at <= ? LIMIT 1", now.value
        ) { _ in true } ?? false
    }

    package func hasPersonLocks() throws -> Bool {
        try db.first(
            "SELECT 1 FROM lock WHERE state = 'active' AND scope LIKE 'person=%' LIMIT 1"
        ) { _ in true } ?? false
    }

    package func lock(_ id: String) throws -> LockRecord? {
        try db.first("SELECT \(Self.lockColumns) FROM lock WHERE id = ?", .text(id), read: readLock)
    }

    /// Returns the newest locks of a scope, at most 200.
    package func locks(scope: Scope) throws -> [LockRecord] {
        try db.rows(
            """
            SELECT \(Self.lockColumns) FROM lock WHERE scope = ? ORDER BY number DESC LIMIT 200
            """, .text(scope.description), read: readLock
        ).reversed()
    }

    package func locks(issuedAt time: Timestamp) throws -> [LockRecord] {
        try db.rows(
            "SELECT \(Self.lockColumns) FROM lock WHERE issued_at = ? ORDER BY number",
            time.value, read: readLock)
    }

    package func nextLockNumber() throws -> Int64 {
        try db.first(
            """
            SELECT max((SELECT COALESCE(MAX(number), 0) FROM lock),
            (SELECT COALESCE(MAX(value), 0) FROM state WHERE name = 'lock_number')) + 1
            """
        ) { $0.integer(0) } ?? 1
    }

    /// Skips the numbers of locks that were issued after a backup, so that they are not given again.
    package func skipLockNumbers(_ count: Int64) throws {
        try db.run(
            "INSERT OR REPLACE INTO state (name, value) VALUES ('lock_number', ?)",
            .integer(try nextLockNumber().subtracting(1).adding(count)))
    }

    package func isFree(lockNumber number: Int64) throws -> Bool {
        try db.first("SELECT 1 FROM lock WHERE number = ?", .integer(number)) { _ in true } == nil
    }

    /// Returns the state of every lock, active or not.
    package func lockStates() throws -> [String: LockState] {
        Dictionary(
            try db.rows("SELECT id, state FROM lock") { row in
                LockState(rawValue: row.text(1)).map { (row.text(0), $0) }
            }.compactMap { $0 }, uniquingKeysWith: { $1 })
    }

    package func add(_ lock: LockRecord) throws {
        try db.run(
            """
            INSERT INTO lock (number, id, scope, reason, note, basis, vi, en, state, issued_by, issued_at,
            expires_at, key, k, confidence, figures, evidence, replaces)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .integer(lock.number), .text(lock.id), .text(lock.scope.description),
            .text(lock.reason), .text(lock.note), .text(lock.basis), .text(lock.message.vi),
            .text(lock.message.en), .text(lock.state.rawValue), .text(lock.issuedBy),
            lock.issuedAt.value, .optional(lock.expiresAt?.milliseconds), .optional(lock.key),
            .optional(lock.k.map { Int64($0) }),
            .integer(Int64(saturating: lock.confidence * 1000)),
            .text(lock.figures), .text(lock.evidence), .optional(lock.replaces))
        try pin(lock.evidence, at: lock.issuedAt)
        try tell(lock, lock.state == .proposed ? .lockProposed : .lockIssued, at: lock.issuedAt)
    }

    package func approve(
        _ lock: LockRecord, by who: String, expiresAt: Timestamp?, message: Localized,
        at time: Timestamp
    ) throws {
        try db.run(
            """
            UPDATE lock SET state = 'active', approved_by = ?, approved_at = ?, expires_at = ?, vi = ?,
            en = ? WHERE number = ?
            """, .text(who), time.value, .optional(expiresAt?.milliseconds), .text(message.vi),
            .text(message.en), .integer(lock.number))
        if let approved = try self.lock(lock.id) { try tell(approved, .lockIssued, at: time) }
    }

    /// Counts the locks of a rule on a scope since a moment, except those found mistaken.
    package func lockCount(reason: String, scope: Scope, since: Timestamp) throws -> Int {
        Int(
            try db.first(
                """
                SELECT COUNT(*) FROM lock WHERE reason = ? AND scope = ? AND issued_at >= ?
                AND COALESCE(outcome, '') <> 'mistaken' AND state NOT IN ('proposed', 'rejected')
                """, .text(reason), .text(scope.description), since.value
            ) { $0.integer(0) } ?? 0)
    }

    /// Returns the scopes that detectors (R4–R6, X*) locked automatically since a moment, for the breaker.
    package func automaticLocks(since: Timestamp) throws -> [Scope] {
        try db.rows(
            """
            SELECT scope FROM lock WHERE issued_at >= ? AND issued_by = reason
            AND (reason IN ('R4', 'R5', 'R6') OR reason LIKE 'X%')
            AND state NOT IN ('proposed', 'rejected')
            """, since.value
        ) { Scope($0.text(0)) }.compactMap { $0 }
    }

    /// Adds the refusals by a lock that an agent told. The sum stops at 2^53 − 1, the most that `NumberRanges` lets a
    /// backup hold.
    package func noteRefusals(_ refusals: LockRefusals) throws {
        try db.run(
            """
            UPDATE lock SET refused = MIN(refused + ?1, 9007199254740991),
            first_refusal = MIN(COALESCE(first_refusal, ?2), ?2) WHERE id = ?3
            """, .integer(refusals.count), refusals.first.value, .text(refusals.lock))
    }

    // MARK: deliveries

    package func noteDelivery(_ lock: String, to agent: AgentID, at time: Timestamp) throws {
        try db.run(
            "INSERT OR IGNORE INTO lock_delivery (lock, agent, at) VALUES (?, ?, ?)", .text(lock),
            .text(agent.rawValue), time.value)
    }

    package func deliveries(_ lock: String) throws -> [(agent: AgentID, at: Timestamp)] {
        try db.rows(
            "SELECT agent, at FROM lock_delivery WHERE lock = ? ORDER BY at, agent", .text(lock)
        ) {
            (AgentID(unchecked: $0.text(0)), Timestamp(milliseconds: $0.integer(1)))
        }
    }

    /// Whether a rule has locked this scope for this breach, or for another breach of the same day or window with a
    /// lock that is still active. Locks that corrected numbers undid do not count, since a breach of the new number is
    /// another one.
    package func hasLock(reason: String, scope: Scope, key: String, k: Int) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM lock WHERE reason = ? AND scope = ? AND key = ? AND void = 0
            AND (k = ? OR state = 'active')
            """, .text(reason), .text(scope.description), .text(key), .integer(Int64(k))
        ) { _ in true } ?? false
    }

    package func markVoid(_ lock: LockRecord) throws {
        try db.run("UPDATE lock SET void = 1 WHERE number = ?", .integer(lock.number))
    }

    package func end(
        _ lock: LockRecord, _ state: LockState, by who: String, note: String,
        outcome: String? = nil, at time: Timestamp
    ) throws {
        try db.run(
            """
            UPDATE lock SET state = ?, ended_at = ?, ended_by = ?, end_note = ?, outcome = ?
            WHERE number = ?
            """, .text(state.rawValue), time.value, .text(who), .text(note), .optional(outcome),
            .integer(lock.number))
        if state == .released { try tell(lock, .lockReleased, outcome: outcome, at: time) }
    }

    package func noteSent(_ lock: LockRecord, _ version: Version) throws {
        try db.run(
            "UPDATE lock SET set_version = ? WHERE number = ? AND set_version IS NULL",
            .text(version.description), .integer(lock.number))
    }

    package func add(_ waiver: Waiver, until: Timestamp) throws {
        try db.run(
            """
            INSERT INTO waiver (rule, scope, key, next_k, until) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET next_k = MAX(next_k, excluded.next_k), until = excluded.until
            """, .text(waiver.rule.rawValue), .text(waiver.scope.description), .text(waiver.key),
            .integer(Int64(waiver.nextK)), until.value)
    }

    /// Returns the breach at which a quota locks next; nil if no release moved it.
    package func waiver(_ rule: RuleID, _ scope: Scope, key: String, at now: Timestamp) throws
        -> Int?
    {
        try db.first(
            "SELECT next_k FROM waiver WHERE rule = ? AND scope = ? AND key = ? AND until > ?",
            .text(rule.rawValue), .text(scope.description), .text(key), now.value
        ) { Int($0.integer(0)) }
    }

    package func waivers(at now: Timestamp) throws -> [Waiver] {
        try db.rows("SELECT rule, scope, key, next_k FROM waiver WHERE until > ?", now.value) {
            row in
            guard let rule = RuleID(rawValue: row.text(0)), let scope = Scope(row.text(1)) else {
                return nil
            }
            return Waiver(rule: rule, scope: scope, key: row.text(2), nextK: Int(row.integer(3)))
        }.compactMap { $0 }
    }

    /// Returns which lock set of each audience was signed last.
    package func lockSetCounters() throws -> [(audience: Audience, counter: Int64)] {
        try db.rows("SELECT audience, counter FROM lock_set") { row in
            Audience(row.text(0)).map { ($0, row.integer(1)) }
        }.compactMap { $0 }
    }

    package func lockSet(_ audience: Audience) throws -> (counter: Int64, jws: String)? {
        try db.first(
            "SELECT counter, jws FROM lock_set WHERE audience = ?", .text(audience.description)
        ) {
            ($0.integer(0), $0.text(1))
        }
    }

    package func storeLockSet(_ audience: Audience, counter: Int64, jws: String) throws {
        remembered?.signedSets += 1
        try db.run(
            "INSERT OR REPLACE INTO lock_set (audience, counter, jws) VALUES (?, ?, ?)",
            .text(audience.description), .integer(counter), .text(jws))
    }
}
