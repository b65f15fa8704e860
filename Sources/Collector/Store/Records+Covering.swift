import Domain
import Platform

/// What tells a restored snapshot from a time that came back, and from a seal that is completed.
extension Records {
    /// `Summary.returns` of what was counted last.
    func returns(_ agent: AgentID) throws -> Int64 {
        try db.first(
            "SELECT returns FROM agent_time WHERE agent = ?", .text(agent.rawValue),
            read: { $0.integer(0) }) ?? 0
    }

    func keepReturns(_ agent: AgentID, _ count: Int64) throws {
        try db.run(
            """
            INSERT INTO agent_time (agent, returns) VALUES (?, ?)
            ON CONFLICT (agent) DO UPDATE SET returns = excluded.returns
            """, .text(agent.rawValue), .integer(count))
    }

    /// Where the last counted summary ends that ends no later than this one begins.
    func lastEnd(before summary: Summary) throws -> Timestamp? {
        try db.first(
            """
            SELECT to_ms FROM summary WHERE agent = ?1 AND state = 'counted' AND to_ms <= ?2
            AND (epoch, seq) < (?3, ?4) ORDER BY epoch DESC, seq DESC LIMIT 1
            """, .text(summary.agent.rawValue), summary.from.value, .integer(summary.epoch),
            .integer(summary.seq)
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// Gaps of all agents that reach into a time, in their order, read at once.
    func gaps(after start: Timestamp?, before end: Timestamp, ofSystem system: SystemCode?) throws
        -> [AgentID: [Range<Timestamp>]]
    {
        var all: [AgentID: [Range<Timestamp>]] = [:]
        try db.forEach(
            """
            SELECT agent, from_ms, to_ms FROM gap WHERE from_ms < ?1 AND (?2 IS NULL OR max(from_ms, to_ms) > ?2)
            AND (?3 IS NULL OR substr(agent, 1, length(?3) + 1) = ?3 || '/') ORDER BY agent, from_ms
            """,
            values: [
                end.value, .optional(start?.milliseconds), .optional(system?.rawValue),
            ]
        ) { row in
            let from = Timestamp(milliseconds: row.integer(1))
            let to = Timestamp(milliseconds: max(row.integer(1), row.integer(2)))
            all[AgentID(unchecked: row.text(0)), default: []].append(from..<to)
        }
        return all
    }

    func removeGap(_ agent: AgentID, _ from: Timestamp, _ to: Timestamp) throws {
        try db.run(
            "DELETE FROM gap WHERE agent = ? AND from_ms = ? AND to_ms = ?", .text(agent.rawValue),
            from.value, to.value)
    }

    /// Gaps that reach into the future end now.
    func cutGaps(_ agent: AgentID, at now: Timestamp) throws {
        try db.run(
            "DELETE FROM gap WHERE agent = ? AND from_ms >= ?", .text(agent.rawValue), now.value)
        try db.run(
            "UPDATE gap SET to_ms = ?2 WHERE agent = ?1 AND to_ms > ?2", .text(agent.rawValue),
            now.value)
    }

    // MARK: parts

    enum PartCounted { case this, others, none }

    /// Which parts of this summary's seal were counted.
    func partCounted(_ summary: Summary) throws -> PartCounted {
        let parts = try db.rows(
            """
            SELECT n FROM seal_part WHERE agent = ? AND from_ms = ? AND to_ms = ? AND parts = ?
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of))
        ) { $0.integer(0) }
        if parts.contains(Int64(summary.part.n)) { return .this }
        return parts.isEmpty ? .none : .others
    }

    /// How many parts of this summary's seal were counted.
    func partsCounted(_ summary: Summary) throws -> Int {
        try db.first(
            """
            SELECT COUNT(*) FROM seal_part WHERE agent = ? AND from_ms = ? AND to_ms = ? AND parts = ?
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of))
        ) { Int($0.integer(0)) } ?? 0
    }

    /// Nil: the summary before this one is no part of the same seal.
    func stateOfFormerPart(_ summary: Summary) throws -> String? {
        guard summary.part.n > 1 else { return nil }
        return try db.first(
            """
            SELECT state FROM summary
            WHERE agent = ? AND epoch = ? AND seq = ? AND from_ms = ? AND to_ms = ?
            """, .text(summary.agent.rawValue), .integer(summary.epoch),
            .integer(summary.seq.subtracting(1)), summary.from.value, summary.to.value,
            read: { $0.text(0) })
    }

    func keepPart(_ summary: Summary) throws {
        try db.run(
            "INSERT OR IGNORE INTO seal_part (agent, from_ms, to_ms, parts, n) VALUES (?, ?, ?, ?, ?)",
            .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of)), .integer(Int64(summary.part.n)))
    }
}
