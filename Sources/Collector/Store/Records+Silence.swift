import Domain
import Platform

/// Notes systems without agents, for I3.
extension Records {
    private static let withoutAgent = """
        SELECT code FROM system WHERE NOT EXISTS (
            SELECT 1 FROM agent WHERE agent.system = system.code AND agent.state = 'active')
        """

    /// Counts the systems that have lost their agents, or have one again, since that was last noted.
    package func unservedChanges() throws -> Int64 {
        try db.first(
            """
            SELECT (SELECT COUNT(*) FROM (\(Self.withoutAgent))
                WHERE code NOT IN (SELECT system FROM unserved))
            + (SELECT COUNT(*) FROM unserved WHERE system NOT IN (\(Self.withoutAgent)))
            """
        ) { $0.integer(0) } ?? 0
    }

    /// Returns the systems noted as without an agent since before a time.
    package func unserved(since latest: Timestamp) throws -> [(SystemCode, Timestamp)] {
        try db.rows(
            "SELECT system, since_ms FROM unserved WHERE since_ms < ? ORDER BY system", latest.value
        ) { (SystemCode(unchecked: $0.text(0)), Timestamp(milliseconds: $0.integer(1))) }
    }

    /// Notes the systems that are without an agent now, and forgets those that have one again.
    package func noteUnserved(at now: Timestamp) throws {
        try db.run("DELETE FROM unserved WHERE system NOT IN (\(Self.withoutAgent))")
        try db.run(
            """
            INSERT INTO unserved (system, since_ms) SELECT code, ? FROM (\(Self.withoutAgent)) WHERE true
            ON CONFLICT DO NOTHING
            """, now.value)
    }

    package struct OpenAlert {
        package let id: Int64
        package let kind: String, scope: String, key: String
    }

    /// Returns the open alerts of a rule, or of one of its kinds.
    package func openAlerts(_ rule: String, kind: String? = nil) throws -> [OpenAlert] {
        try db.rows(
            """
            SELECT id, kind, scope, key FROM alert
            WHERE rule = ?1 AND state = 'open' AND (?2 IS NULL OR kind = ?2)
            """, .text(rule), .optional(kind)
        ) {
            OpenAlert(
                id: $0.integer(0), kind: $0.text(1), scope: $0.text(2), key: $0.text(3))
        }
    }
}
