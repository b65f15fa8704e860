import Domain
import Platform
import Wire

/// Signed summaries that were refused because the agent had signed another one under their number (`fork`), or because
/// they do not follow the one before (`chain`). Together with what is stored, they prove that a key was copied or a
/// machine restored. The alert cites the number, and both texts are the evidence for it.
extension Records {
    /// The most that are kept of an agent, 16 MiB in total. The first ones stay, because they show where it began.
    static let refusedSummariesMax = 64

    package struct RefusedSummary {
        package let epoch: Int64
        package let seq: Int64
        package let kind: String
        package let hash: String
        package let receivedAt: Timestamp
        package let jws: String
    }

    /// Keeps a text once. Returns false, and does not keep it, if the agent has reached the bound.
    package func keepRefused(
        _ summary: Summary, kind: String, jws: String, hash: String, at now: Timestamp
    ) throws -> Bool {
        let agent = summary.agent.rawValue
        let kept = try db.run(
            """
            INSERT OR IGNORE INTO refused_summary (agent, epoch, seq, hash, kind, received_at, jws)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
            WHERE (SELECT COUNT(*) FROM refused_summary WHERE agent = ?1) < \(Self.refusedSummariesMax)
            """, .text(agent), .integer(summary.epoch), .integer(summary.seq), .text(hash),
            .text(kind), now.value, .text(jws))
        if kept > 0 { return true }
        return try db.first(
            "SELECT 1 FROM refused_summary WHERE agent = ? AND epoch = ? AND seq = ? AND hash = ?",
            .text(agent), .integer(summary.epoch), .integer(summary.seq), .text(hash)
        ) { _ in true } ?? false
    }

    /// Returns refused summaries of one number or all, of one epoch or all, the oldest first.
    package func refusedSummaries(_ agent: AgentID, epoch: Int64? = nil, seq: Int64? = nil) throws
        -> [RefusedSummary]
    {
        try db.rows(
            """
            SELECT epoch, seq, kind, hash, received_at, jws FROM refused_summary
            WHERE agent = ?1 AND (?2 IS NULL OR seq = ?2) AND (?3 IS NULL OR epoch = ?3)
            ORDER BY received_at, rowid
            """, .text(agent.rawValue), .optional(seq), .optional(epoch)
        ) {
            RefusedSummary(
                epoch: $0.integer(0), seq: $0.integer(1), kind: $0.text(2), hash: $0.text(3),
                receivedAt: Timestamp(milliseconds: $0.integer(4)), jws: $0.text(5))
        }
    }

    /// Deletes refused summaries at the age of evidence, or at that of alerts if one cites the number.
    package func pruneRefusedSummaries(
        before time: Timestamp, pinnedSince: Timestamp, countMax: Int
    ) throws
        -> Int
    {
        try db.run(
            """
            DELETE FROM refused_summary WHERE rowid IN (SELECT r.rowid FROM refused_summary r
            WHERE r.received_at < ?1 AND NOT EXISTS (SELECT 1 FROM pin p WHERE p.agent = r.agent
            AND p.epoch = r.epoch AND p.seq = r.seq AND p.at_ms >= ?2) LIMIT ?3)
            """, time.value, pinnedSince.value, .integer(Int64(countMax)))
    }
}
