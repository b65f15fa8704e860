import CollectorValues
import Domain
import Platform
import Wire

/// The audit log: every change by staff or by a rule. The hash of an entry covers its number, its content and the hash
/// of the entry before it.
extension Records {
    package struct AuditRecord {
        package let number: Int64
        package let at: Timestamp
        package let who: String
        package let action: String
        package let subject: String
        package let reason: String
        package let hash: String

        package init(
            number: Int64, at: Timestamp, who: String, action: String, subject: String,
            reason: String, hash: String
        ) {
            self.number = number
            self.at = at
            self.who = who
            self.action = action
            self.subject = subject
            self.reason = reason
            self.hash = hash
        }

        /// The hash that the entry must have if it follows one with the hash `previous`.
        package func hash(after previous: String) throws -> String {
            let content = try encodeJSON([
                previous, String(number), String(at.milliseconds), who, action, subject, reason,
            ])
            return Base64URL.encode(Digest.sha256(content))
        }
    }

    package func audit(
        _ who: String, _ action: String, _ subject: String, _ reason: String, at: Timestamp
    ) throws {
        let last = try auditHead()
        let draft = AuditRecord(
            number: (last?.number ?? 0).adding(1), at: at, who: who, action: action,
            subject: subject,
            reason: reason, hash: "")
        try db.run(
            """
            INSERT INTO audit (number, at, who, action, subject, reason, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, .integer(draft.number), at.value, .text(who), .text(action), .text(subject),
            .text(reason), .text(try draft.hash(after: last?.hash ?? "")))
    }

    /// The time of the last entry; nil if the log is empty.
    package func lastAuditTime() throws -> Timestamp? {
        try db.first("SELECT at FROM audit ORDER BY number DESC LIMIT 1") {
            Timestamp(milliseconds: $0.integer(0))
        }
    }

    package func auditHead() throws -> AuditDigest? {
        try db.first("SELECT number, hash, at FROM audit ORDER BY number DESC LIMIT 1") {
            AuditDigest(
                date: Timestamp(milliseconds: $0.integer(2)).date, number: $0.integer(0),
                hash: $0.text(1))
        }
    }

    package func auditHash(_ number: Int64) throws -> String? {
        try db.first("SELECT hash FROM audit WHERE number = ?", .integer(number)) { $0.text(0) }
    }

    package func auditLog() throws -> [AuditRecord] {
        try db.rows(
            "SELECT number, at, who, action, subject, reason, hash FROM audit ORDER BY number"
        ) {
            AuditRecord(
                number: $0.integer(0), at: Timestamp(milliseconds: $0.integer(1)), who: $0.text(2),
                action: $0.text(3), subject: $0.text(4), reason: $0.text(5), hash: $0.text(6))
        }
    }
}
