import CollectorValues
import Domain
import Platform

/// What an account is doing at present, for persons with several accounts.
extension Records {
    package struct Activity {
        package let system: SystemCode
        package let login: Login
        package let first: Timestamp
        package let last: Timestamp
        package let allowed: Int64
        /// The last summary that told of the activity.
        package let evidence: EvidenceReference
    }

    /// Extends the running activity of a registered person's account, or begins a new one after a pause.
    package func noteActivity(
        _ person: String, _ account: Account, from: Timestamp, to: Timestamp, allowed: Int64,
        pause: Int64, evidence: EvidenceReference
    ) throws {
        try db.run(
            """
            INSERT INTO activity (person, system, login, first_ms, last_ms, allowed, agent, epoch, seq)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?9, ?10)
            ON CONFLICT DO UPDATE SET
            first_ms = CASE WHEN ?4 > last_ms + ?7 THEN ?4 ELSE MIN(first_ms, ?4) END,
            allowed = CASE WHEN ?4 > last_ms + ?7 THEN ?6 WHEN allowed < \(NumberRanges.sumsMax) THEN allowed + ?6 ELSE allowed END,
            last_ms = MAX(last_ms, ?5), agent = ?8, epoch = ?9, seq = ?10
            """, .text(person), .text(account.system.rawValue), .text(account.login.rawValue),
            from.value,
            to.value, .integer(allowed), .integer(pause), .text(evidence.agent.rawValue),
            .integer(evidence.epoch), .integer(evidence.seq))
    }

    package func activities(_ person: String) throws -> [Activity] {
        try db.rows(
            "SELECT system, login, first_ms, last_ms, allowed, agent, epoch, seq FROM activity WHERE person = ?",
            .text(person)
        ) {
            Activity(
                system: SystemCode(unchecked: $0.text(0)), login: Login(unchecked: $0.text(1)),
                first: Timestamp(milliseconds: $0.integer(2)),
                last: Timestamp(milliseconds: $0.integer(3)),
                allowed: $0.integer(4),
                evidence: EvidenceReference(
                    agent: AgentID(unchecked: $0.text(5)), epoch: $0.integer(6),
                    seq: $0.integer(7)))
        }
    }
}
