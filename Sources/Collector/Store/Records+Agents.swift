import CollectorValues
import Domain
import Platform
import Wire

extension Records {
    private static let agentColumns = """
        id, system, kid, x, state, enrolled_at, revoked_at, epoch, seq, last_hash, covered_to, every_ms,
        last_seen, skew_ms
        """

    private func read(_ row: SQLiteRow) -> AgentRecord {
        AgentRecord(
            id: AgentID(unchecked: row.text(0)), system: SystemCode(unchecked: row.text(1)),
            kid: row.text(2), x: row.text(3), isRevoked: row.text(4) == "revoked",
            enrolledAt: Timestamp(milliseconds: row.integer(5)),
            revokedAt: row.integerOrNil(6).map { Timestamp(milliseconds: $0) },
            epoch: row.integer(7),
            seq: row.integer(8), lastHash: row.text(9),
            coveredTo: Timestamp(milliseconds: row.integer(10)),
            everyMilliseconds: row.integer(11),
            lastSeen: row.integerOrNil(12).map { Timestamp(milliseconds: $0) },
            skewMilliseconds: row.integerOrNil(13))
    }

    package func agents() throws -> [AgentRecord] {
        try db.rows("SELECT \(Self.agentColumns) FROM agent ORDER BY id", read: read)
    }

    package func agents(ofSystem system: SystemCode) throws -> [AgentRecord] {
        try db.rows(
            "SELECT \(Self.agentColumns) FROM agent WHERE system = ? ORDER BY id",
            .text(system.rawValue), read: read)
    }

    /// Whether any agent is enrolled and not revoked, even if it was never heard.
    package func hasAgents() throws -> Bool {
        try db.first("SELECT 1 FROM agent WHERE state <> 'revoked' LIMIT 1") { _ in true } ?? false
    }

    /// Counts the units that have an agent which was heard at least once and is not revoked.
    package func unitsWithAgents() throws -> Int {
        let systems = try db.rows(
            "SELECT DISTINCT system FROM agent WHERE state <> 'revoked' AND last_seen IS NOT NULL"
        ) { SystemCode(unchecked: $0.text(0)) }
        return Set(systems.map(\.unit)).count
    }

    package func agent(_ id: AgentID) throws -> AgentRecord? {
        try db.first(
            "SELECT \(Self.agentColumns) FROM agent WHERE id = ?", .text(id.rawValue), read: read)
    }

    package func agent(kid: String) throws -> AgentRecord? {
        try db.first("SELECT \(Self.agentColumns) FROM agent WHERE kid = ?", .text(kid), read: read)
    }

    package func save(_ agent: AgentRecord, seen: Timestamp, skew: Int64?) throws {
        try db.run(
            """
            UPDATE agent SET epoch = ?, seq = ?, last_hash = ?, covered_to = ?, every_ms = ?, last_seen = ?,
            skew_ms = ? WHERE id = ?
            """, .integer(agent.epoch), .integer(agent.seq), .text(agent.lastHash),
            agent.coveredTo.value,
            .integer(agent.everyMilliseconds), seen.value, .optional(skew), .text(agent.id.rawValue)
        )
    }

    package func revoke(_ id: AgentID, at time: Timestamp) throws -> Bool {
        try db.run(
            "UPDATE agent SET state = 'revoked', revoked_at = ? WHERE id = ? AND state = 'active'",
            time.value, .text(id.rawValue)) > 0
    }

    package func addToken(_ token: EnrolmentToken, _ system: SystemCode, expires: Timestamp) throws
    {
        try db.run(
            "INSERT INTO token (id, secret_hash, system, expires_at) VALUES (?, ?, ?, ?)",
            .text(token.id), .blob(Digest.sha256([UInt8](token.secret.utf8))),
            .text(system.rawValue), expires.value)
    }

    package struct TokenRecord {
        package let secretHash: [UInt8]
        package let system: SystemCode
        package let expiresAt: Timestamp
        package let usedKid: String?
        package let agent: AgentID?
    }

    package func token(_ id: String) throws -> TokenRecord? {
        try db.first(
            "SELECT secret_hash, system, expires_at, used_kid, agent FROM token WHERE id = ?",
            .text(id)
        ) {
            TokenRecord(
                secretHash: $0.blob(0), system: SystemCode(unchecked: $0.text(1)),
                expiresAt: Timestamp(milliseconds: $0.integer(2)), usedKid: $0.textOrNil(3),
                agent: $0.textOrNil(4).map { AgentID(unchecked: $0) })
        }
    }

    /// Makes the next agent of a system. A token makes one agent only.
    package func enrol(
        _ jwk: JWK, token id: String, system: SystemCode, host: String, at now: Timestamp
    )
        throws
        -> AgentRecord?
    {
        let number =
            try db.rows("SELECT id FROM agent WHERE system = ?", .text(system.rawValue)) {
                AgentID(unchecked: $0.text(0)).number
            }.max() ?? 0
        let agent = AgentID(system: system, number: number.adding(1))
        try db.run(
            """
            INSERT INTO agent (id, system, kid, x, state, host, enrolled_at, epoch, seq, last_hash, covered_to,
            every_ms) VALUES (?, ?, ?, ?, 'active', ?, ?, 1, 0, '', ?, 60000)
            """, .text(agent.rawValue), .text(system.rawValue), .text(jwk.thumbprint), .text(jwk.x),
            .text(host), now.value, now.value)
        try db.run(
            "UPDATE token SET used_kid = ?, agent = ? WHERE id = ?", .text(jwk.thumbprint),
            .text(agent.rawValue), .text(id))
        return try self.agent(agent)
    }

    /// Notes missing time. A shorter gap that begins together with a longer one does not shorten it.
    package func addGap(_ agent: AgentID, _ from: Timestamp, _ to: Timestamp) throws {
        try db.run(
            """
            INSERT INTO gap (agent, from_ms, to_ms) VALUES (?, ?, ?)
            ON CONFLICT (agent, from_ms) DO UPDATE SET to_ms = MAX(to_ms, excluded.to_ms)
            """, .text(agent.rawValue), from.value, to.value)
    }

    package func gaps(_ agent: AgentID) throws -> [Range<Timestamp>] {
        try db.rows(
            "SELECT from_ms, to_ms FROM gap WHERE agent = ? ORDER BY from_ms", .text(agent.rawValue)
        ) {
            Timestamp(
                milliseconds: $0.integer(0))..<Timestamp(
                    milliseconds: max($0.integer(0), $0.integer(1)))
        }
    }
}
