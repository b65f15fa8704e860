import Domain
import Platform
import Wire

/// `SenderAccount` of each agent that has spoken.
extension Records {
    func sender(_ agent: AgentRecord) throws -> SenderAccount {
        let found = try db.first(
            """
            SELECT reached_ms, bytes, rows, alerts, queries, nation, nation_ms, system, system_ms
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
                nation: held(5, 6), system: held(7, 8))
        }
        return found ?? SenderAccount(reached: agent.enrolledAt)
    }

    func save(_ sender: SenderAccount, of agent: AgentID) throws {
        try db.run(
            """
            INSERT OR REPLACE INTO sender (agent, reached_ms, bytes, rows, alerts, queries, nation, nation_ms,
            system, system_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(agent.rawValue), sender.reached.value, .integer(sender.bytes),
            .integer(sender.rows), .integer(sender.alerts), .integer(sender.queries),
            .optional(sender.nation?.version.description),
            .optional(sender.nation?.since.milliseconds),
            .optional(sender.system?.version.description),
            .optional(sender.system?.since.milliseconds))
    }

    /// When a version of a system's policy was signed; nil: never, or more than 400 days ago.
    func policyIssued(_ system: SystemCode, _ version: Version) throws -> Timestamp? {
        try db.first(
            "SELECT issued_at FROM policy_version WHERE system = ? AND generation = ? AND counter = ?",
            .text(system.rawValue), .integer(version.generation), .integer(version.counter)
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    func accountCount(_ system: SystemCode) throws -> Int64 {
        try db.first(
            "SELECT COUNT(*) FROM \(Registered.account) WHERE system = ?", .text(system.rawValue)
        ) {
            $0.integer(0)
        } ?? 0
    }

    /// Whether a summary that tells of a time which was counted tells the same again, as an agent does that numbers anew
    /// what was taken without its hearing of it. Looks at the last 256 that were counted.
    func wasCounted(_ summary: Summary) throws -> Bool {
        let texts = try db.rows(
            """
            SELECT jws FROM (SELECT jws, from_ms, to_ms FROM summary WHERE agent = ? AND state = 'counted'
            ORDER BY epoch DESC, seq DESC LIMIT 256) WHERE from_ms = ? AND to_ms = ? AND jws <> ''
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value
        ) { $0.text(0) }
        return texts.contains { text in
            guard let payload = try? JWS.parse(text.utf8).payload,
                let counted = try? decodeJSON(Summary.self, payload)
            else { return false }
            return counted.part == summary.part && counted.rows == summary.rows
        }
    }
}
