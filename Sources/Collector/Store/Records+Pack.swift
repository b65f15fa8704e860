import CollectorValues
import Domain
import Platform
import Wire

/// The parts of evidence packs other than the evidence itself.
extension Records {
    package func keep(_ context: LockContext, ofLock id: String, at now: Timestamp) throws {
        try db.run(
            "INSERT OR REPLACE INTO lock_context (lock, at_ms, content) VALUES (?, ?, ?)",
            .text(id), now.value,
            .text(String(decoding: try encodeJSON(context), as: UTF8.self)))
    }

    /// Returns what a lock was decided by; nil if an older program made the lock, or agents brought it after a restore.
    package func context(ofLock id: String) throws -> LockContext? {
        try db.first("SELECT content FROM lock_context WHERE lock = ?", .text(id)) { row in
            try decodeJSON(LockContext.self, [UInt8](row.text(0).utf8))
        }
    }

    func notePolicy(_ system: SystemCode, _ policy: PolicyPoint) throws {
        try db.run(
            """
            INSERT OR REPLACE INTO policy_version (system, generation, counter, issued_at, digest)
            VALUES (?, ?, ?, ?, ?)
            """, .text(system.rawValue), .integer(policy.version.generation),
            .integer(policy.version.counter), policy.issuedAt.value, .text(policy.digest))
        try db.run(
            "DELETE FROM policy_version WHERE system = ? AND issued_at < ?", .text(system.rawValue),
            policy.issuedAt.advanced(byMilliseconds: -PolicyPoint.keptMilliseconds).value)
    }

    /// Returns at most `countMax` versions of a system's policy, the newest first.
    package func policies(_ system: SystemCode, countMax: Int) throws -> [PolicyPoint] {
        try db.rows(
            """
            SELECT generation, counter, issued_at, digest FROM policy_version WHERE system = ?
            ORDER BY generation DESC, counter DESC LIMIT ?
            """, .text(system.rawValue), .integer(Int64(countMax))
        ) {
            PolicyPoint(
                version: Version(generation: $0.integer(0), counter: $0.integer(1)),
                issuedAt: Timestamp(milliseconds: $0.integer(2)), digest: $0.text(3))
        }
    }

    /// Returns the last entry of the audit log with this action.
    package func lastAudit(_ action: String) throws -> AuditRecord? {
        try db.first(
            """
            SELECT number, at, who, action, subject, reason, hash FROM audit WHERE action = ?
            ORDER BY number DESC LIMIT 1
            """, .text(action), read: readAudit)
    }

    /// Returns the entries whose subject begins with a word, oldest first, each with the hash of the entry before it.
    package func auditEntries(about subject: String) throws -> [(
        entry: AuditRecord, previous: String
    )] {
        try db.rows(
            """
            SELECT a.number, a.at, a.who, a.action, a.subject, a.reason, a.hash,
            (SELECT b.hash FROM audit b WHERE b.number = a.number - 1) FROM audit a
            WHERE a.subject = ?1 OR substr(a.subject, 1, length(?1) + 1) = ?1 || ' ' ORDER BY a.number
            LIMIT 1000
            """, .text(subject)
        ) { (try readAudit($0), $0.textOrNil(7) ?? "") }
    }

    package func auditEntry(_ number: Int64) throws -> (entry: AuditRecord, previous: String)? {
        try db.first(
            """
            SELECT a.number, a.at, a.who, a.action, a.subject, a.reason, a.hash,
            (SELECT b.hash FROM audit b WHERE b.number = a.number - 1) FROM audit a WHERE a.number = ?
            """, .integer(number)
        ) { (try readAudit($0), $0.textOrNil(7) ?? "") }
    }

    private func readAudit(_ row: SQLiteRow) throws -> AuditRecord {
        AuditRecord(
            number: row.integer(0), at: Timestamp(milliseconds: row.integer(1)), who: row.text(2),
            action: row.text(3), subject: row.text(4), reason: row.text(5), hash: row.text(6))
    }

    /// Returns the other locks and the alerts of a lock's scope, whatever their state.
    package func related(to lock: LockRecord) throws -> (
        locks: [LockRecord], alerts: [AlertRecord]
    ) {
        (
            try locks(scope: lock.scope).filter { $0.id != lock.id },
            try alerts(scope: lock.scope.description)
        )
    }

    package struct Person {
        package let account: Account
        package let name: String, cccd: String, officerCode: String, phone: String
    }

    /// Returns the personal data of an account. Callers must check that whoever asks may see it.
    package func person(behind account: Account) throws -> Person? {
        try db.first(
            """
            SELECT full_name, cccd, officer_code, phone FROM \(Registered.account) WHERE system = ? AND login = ?
            """, .text(account.system.rawValue), .text(account.login.rawValue)
        ) {
            Person(
                account: account, name: $0.text(0), cccd: $0.text(1), officerCode: $0.text(2),
                phone: $0.text(3))
        }
    }
}
