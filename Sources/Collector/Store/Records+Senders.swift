import CollectorValues
import Domain
import Platform
import Wire

/// Stores the `SenderAccount` of each agent that has spoken.
extension Records {
    package func sender(_ agent: AgentRecord) throws -> SenderAccount {
        let found = try db.first(
            """
            SELECT reached_ms, bytes, rows, alerts, queries, nation, nation_ms, system, system_ms, told_ms
            FROM sender WHERE agent = ?
            """, .text(agent.id.rawValue)
        ) { row in
            func held(_ version: Int32, _ since: Int32) -> SenderAccount.HeldSince? {
                row.textOrNil(version).flatMap { Version($0) }.map {
                    .init(version: $0, since: Timestamp(milliseconds: row.integer(since)))
                }
            }
            return SenderAccount(
                reached: Timestamp(milliseconds: row.integer(0)), bytes: row.integer(1),
                rows: row.integer(2), alerts: row.integer(3), queries: row.integer(4),
                nation: held(5, 6), system: held(7, 8),
                told: row.integerOrNil(9).map { Timestamp(milliseconds: $0) })
        }
        var sender = found ?? SenderAccount(reached: agent.enrolledAt)
        // The agent is new, or an earlier program made the database.
        if sender.told == nil { sender.told = try lastTold(agent.id) }
        return sender
    }

    /// `token` is `CentreClock.lastToken`.
    package func save(_ sender: SenderAccount, of agent: AgentID, token: Int64?) throws {
        try db.run(
            """
            INSERT OR REPLACE INTO sender (agent, reached_ms, bytes, rows, alerts, queries, nation, nation_ms,
            system, system_ms, told_ms, token_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(agent.rawValue), sender.reached.value, .integer(sender.bytes),
            .integer(sender.rows), .integer(sender.alerts), .integer(sender.queries),
            .optional(sender.nation?.version.description),
            .optional(sender.nation?.since.milliseconds),
            .optional(sender.system?.version.description),
            .optional(sender.system?.since.milliseconds), .optional(sender.told?.milliseconds),
            .optional(token))
    }

    /// Returns the time in milliseconds that each agent's last accepted token claims, as of its last push.
    package func lastTokens() throws -> [AgentID: Int64] {
        let rows = try db.rows(
            "SELECT agent, token_ms FROM sender WHERE token_ms IS NOT NULL"
        ) { (AgentID(unchecked: $0.text(0)), $0.integer(1)) }
        return Dictionary(rows, uniquingKeysWith: { $1 })
    }

    /// Returns when a version of a system's policy was signed; nil if never, or more than 400 days ago.
    package func policyIssued(_ system: SystemCode, _ version: Version) throws -> Timestamp? {
        try db.first(
            "SELECT issued_at FROM policy_version WHERE system = ? AND generation = ? AND counter = ?",
            .text(system.rawValue), .integer(version.generation), .integer(version.counter)
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// Counts a system's registered accounts. The count is remembered until something is registered.
    package func accountCount(_ system: SystemCode) throws -> Int64 {
        if let known = remembered?.accountCounts[system] { return known }
        let count =
            try db.first(
                "SELECT COUNT(*) FROM \(Registered.account) WHERE system = ?",
                .text(system.rawValue)
            ) { $0.integer(0) } ?? 0
        remembered?.keep(accounts: count, system)
        return count
    }

    /// Whether a summary repeats what was already counted for its time. An agent does that under new numbers if it
    /// never heard that they were taken. `content` is `Summary.contentDigest`. This is one look-up among the summaries
    /// that are in no block yet.
    package func wasCounted(_ summary: Summary, _ content: [UInt8]) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM summary INDEXED BY summary_content WHERE agent = ? AND from_ms = ? AND to_ms = ?
            AND content = ? AND state = 'counted' AND jws <> '' LIMIT 1
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .blob(content)
        ) { _ in true } ?? false
    }
}
