import CollectorValues
import Domain
import Platform
import Wire

/// The signed summaries: each as it came, or many of them in one block (`EvidenceBlock`).
extension Records {
    package struct EvidenceRecord {
        package let epoch: Int64
        package let jws: String
        package let hash: String
        package let state: String
        package let receivedAt: Timestamp
    }

    /// Reads a summary of an epoch, or of the last epoch that has this number. This is the only way to read evidence.
    /// It takes some 50 ms if the summary is in a block, so the intake's transaction must not call it.
    package func evidence(_ agent: AgentID, epoch: Int64?, seq: Int64) throws -> EvidenceRecord? {
        let found = try db.first(
            """
            SELECT epoch, jws, hash, state, received_at FROM summary
            WHERE agent = ?1 AND seq = ?2 AND (?3 IS NULL OR epoch = ?3) ORDER BY epoch DESC LIMIT 1
            """, .text(agent.rawValue), .integer(seq), .optional(epoch)
        ) {
            EvidenceRecord(
                epoch: $0.integer(0), jws: $0.text(1), hash: $0.text(2), state: $0.text(3),
                receivedAt: Timestamp(milliseconds: $0.integer(4)))
        }
        guard let found, found.jws.isEmpty else { return found }
        let archive = try db.first(
            """
            SELECT archive FROM evidence_block WHERE agent = ?1 AND epoch = ?2 AND first_seq <= ?3
            AND last_seq >= ?3 ORDER BY first_seq DESC LIMIT 1
            """, .text(agent.rawValue), .integer(found.epoch), .integer(seq)
        ) { $0.blob(0) }
        guard let archive else {
            throw EvidenceProblem(agent, found.epoch, seq, "its block is not in the database")
        }
        let jws: String
        do {
            jws = try EvidenceBlock.unpack(archive)[seq] ?? ""
        } catch {
            throw EvidenceProblem(agent, found.epoch, seq, "its block is damaged: \(error)")
        }
        guard JWS.digest(jws) == found.hash else {
            throw EvidenceProblem(agent, found.epoch, seq, "it is not what was received")
        }
        return EvidenceRecord(
            epoch: found.epoch, jws: jws, hash: found.hash, state: found.state,
            receivedAt: found.receivedAt)
    }

    /// Returns the digest of a stored summary and whether it was counted. This is quick, in a block or not.
    package func stored(_ agent: AgentID, epoch: Int64, seq: Int64) throws -> (
        hash: String, isCounted: Bool
    )? {
        try db.first(
            "SELECT hash, state FROM summary WHERE agent = ? AND epoch = ? AND seq = ?",
            .text(agent.rawValue), .integer(epoch), .integer(seq)
        ) { ($0.text(0), $0.text(1) == "counted") }
    }

    /// Returns the number of the last stored summary: zeros if there never was one, nil if all have been deleted.
    package func lastEvidence(_ agent: AgentRecord) throws -> SummaryNumber? {
        let last = try db.first(
            """
            SELECT epoch, seq FROM summary WHERE agent = ? ORDER BY epoch DESC, seq DESC LIMIT 1
            """, .text(agent.id.rawValue)
        ) { SummaryNumber(epoch: $0.integer(0), seq: $0.integer(1)) }
        return last
            ?? (agent.coveredTo == agent.enrolledAt ? SummaryNumber(epoch: 0, seq: 0) : nil)
    }

    /// `content` is `Summary.contentDigest`.
    package func keep(
        _ summary: Summary, jws: String, hash: String, content: [UInt8], state: String,
        at now: Timestamp
    ) throws {
        try db.run(
            """
            INSERT INTO summary (agent, epoch, seq, jws, hash, received_at, from_ms, to_ms, state, content)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(summary.agent.rawValue), .integer(summary.epoch), .integer(summary.seq),
            .text(jws),
            .text(hash), now.value, summary.from.value, summary.to.value, .text(state),
            .blob(content))
    }
}
