import CollectorValues
import Domain
import Platform
import Wire

/// The steps of retention. Each is one short transaction and can be repeated.
extension Records {
    // MARK: totals

    /// Notes from when on the tables of hours and dates by account are complete. The marks only move forward. Call this
    /// before the first row is deleted.
    package func keepUsage(hoursFrom: Int64, datesFrom: Int64) throws {
        try db.run(
            """
            INSERT INTO usage_kept (id, hours_from, dates_from)
            SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM usage_hour WHERE hour < ?1) THEN ?1 END,
            CASE WHEN EXISTS (SELECT 1 FROM usage_date WHERE date < ?2) THEN ?2 END WHERE true
            ON CONFLICT (id) DO UPDATE SET
            hours_from = CASE WHEN excluded.hours_from IS NULL THEN hours_from
            ELSE max(excluded.hours_from, ifnull(hours_from, excluded.hours_from)) END,
            dates_from = CASE WHEN excluded.dates_from IS NULL THEN dates_from
            ELSE max(excluded.dates_from, ifnull(dates_from, excluded.dates_from)) END
            """, .integer(hoursFrom), .integer(datesFrom))
    }

    /// Deletes at most `countMax` rows of hours by account, the oldest first, and returns how many.
    package func pruneHours(before hour: Int64, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM usage_hour WHERE (hour, system, account, service, win) IN (
            SELECT hour, system, account, service, win FROM usage_hour WHERE hour < ?
            ORDER BY hour, system, account, service, win LIMIT ?)
            """, .integer(hour), .integer(Int64(countMax)))
    }

    package func pruneDates(before date: Int64, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM usage_date WHERE (date, part, system, account, service) IN (
            SELECT date, part, system, account, service FROM usage_date WHERE date < ?
            ORDER BY date, part, system, account, service LIMIT ?)
            """, .integer(date), .integer(Int64(countMax)))
    }

    package func pruneSystemHours(before hour: Int64, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM usage_system_hour WHERE (system, hour, service, win) IN (
            SELECT u.system, u.hour, u.service, u.win FROM usage_system s CROSS JOIN usage_system_hour u
            WHERE u.system = s.id AND u.hour < ? LIMIT ?)
            """, .integer(hour), .integer(Int64(countMax)))
    }

    /// Deletes refusals by hour, which are kept as long as hours by account.
    package func pruneDenials(before hour: Int64, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM denial WHERE (system, hour, reason, login, service) IN (
            SELECT d.system, d.hour, d.reason, d.login, d.service FROM system s CROSS JOIN denial d
            WHERE d.system = s.code AND d.hour < ? LIMIT ?)
            """, .integer(hour * Timestamp.millisecondsPerHour), .integer(Int64(countMax)))
    }

    package func pruneParts(before time: Timestamp, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM seal_part WHERE (agent, from_ms, to_ms, parts, n) IN (
            SELECT p.agent, p.from_ms, p.to_ms, p.parts, p.n FROM agent a CROSS JOIN seal_part p
            WHERE p.agent = a.id AND p.from_ms < ?1 AND p.to_ms < ?1 LIMIT ?2)
            """, time.value, .integer(Int64(countMax)))
    }

    package func pruneGaps(before time: Timestamp, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM gap WHERE rowid IN (SELECT g.rowid FROM agent a CROSS JOIN gap g
            WHERE g.agent = a.id AND g.from_ms < ?1 AND g.to_ms < ?1 LIMIT ?2)
            """, time.value, .integer(Int64(countMax)))
    }

    // MARK: signed summaries

    package struct RawEvidence {
        package let seq: Int64
        package let jws: String
        package let hash: String
        package let receivedAt: Timestamp
    }

    /// Finds an agent and epoch with enough summaries for a block: a full block of them, or fewer if one was received
    /// before `stale`. Summaries received before `old` are left out, because they are about to be deleted, or pinned.
    package func packable(after agent: String, stale: Timestamp, old: Timestamp, countMin: Int)
        throws -> (
            agent: AgentID, epoch: Int64
        )?
    {
        try db.first(
            """
            SELECT agent, epoch FROM summary INDEXED BY summary_raw
            WHERE jws <> '' AND received_at >= ?1 AND agent > ?4 GROUP BY agent, epoch
            HAVING COUNT(*) >= ?2 OR MIN(received_at) < ?3 ORDER BY agent, epoch LIMIT 1
            """, old.value, .integer(Int64(countMin)), stale.value, .text(agent)
        ) { (AgentID(unchecked: $0.text(0)), $0.integer(1)) }
    }

    package func rawEvidence(_ agent: AgentID, epoch: Int64, after seq: Int64, since old: Timestamp)
        throws
        -> [RawEvidence]
    {
        try db.rows(
            """
            SELECT seq, jws, hash, received_at FROM summary INDEXED BY summary_raw
            WHERE jws <> '' AND agent = ? AND epoch = ? AND seq > ? AND received_at >= ?
            ORDER BY seq LIMIT ?
            """, .text(agent.rawValue), .integer(epoch), .integer(seq), old.value,
            .integer(Int64(EvidenceBlock.countMax))
        ) {
            RawEvidence(
                seq: $0.integer(0), jws: $0.text(1), hash: $0.text(2),
                receivedAt: Timestamp(milliseconds: $0.integer(3)))
        }
    }

    /// Replaces summaries by the block made of them. Returns false if they have changed since.
    package func replace(
        _ raw: [RawEvidence], by archive: [UInt8], _ agent: AgentID, epoch: Int64
    ) throws -> Bool {
        guard let first = raw.first, let last = raw.last else { return false }
        for summary in raw {
            let changed = try db.run(
                """
                UPDATE summary SET jws = '' WHERE agent = ? AND epoch = ? AND seq = ? AND hash = ?
                AND jws <> ''
                """, .text(agent.rawValue), .integer(epoch), .integer(summary.seq),
                .text(summary.hash))
            guard changed == 1 else { return false }
        }
        try db.run(
            """
            INSERT INTO evidence_block (agent, epoch, first_seq, last_seq, received_to, count, archive)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, .text(agent.rawValue), .integer(epoch), .integer(first.seq), .integer(last.seq),
            (raw.map(\.receivedAt).max() ?? last.receivedAt).value, .integer(Int64(raw.count)),
            .blob(archive))
        return true
    }

    package struct OldBlock {
        package let id: Int64
        package let agent: AgentID
        package let epoch: Int64
        package let seqs: ClosedRange<Int64>
        package let archive: [UInt8]
    }

    /// Returns the next block after `id` whose summaries were all received before a time.
    package func oldBlock(before time: Timestamp, after id: Int64) throws -> OldBlock? {
        try db.first(
            """
            SELECT id, agent, epoch, first_seq, last_seq, archive FROM evidence_block
            WHERE received_to < ? AND id > ? ORDER BY id LIMIT 1
            """, time.value, .integer(id)
        ) {
            OldBlock(
                id: $0.integer(0), agent: AgentID(unchecked: $0.text(1)), epoch: $0.integer(2),
                seqs: $0.integer(3)...max($0.integer(3), $0.integer(4)), archive: $0.blob(5))
        }
    }

    package func pins(_ block: OldBlock, since time: Timestamp) throws -> [Int64] {
        try db.rows(
            """
            SELECT p.seq FROM pin p JOIN summary s ON s.agent = p.agent AND s.epoch = p.epoch AND s.seq = p.seq
            WHERE p.agent = ? AND p.epoch = ? AND p.seq BETWEEN ? AND ? AND p.at_ms >= ? AND s.jws = ''
            """, .text(block.agent.rawValue), .integer(block.epoch),
            .integer(block.seqs.lowerBound), .integer(block.seqs.upperBound), time.value
        ) { $0.integer(0) }
    }

    /// Deletes a block and its summaries. Those that are pinned become single rows again. Returns nil, and deletes
    /// nothing, if a pinned one could not be read from the block.
    package func delete(_ block: OldBlock, pinned texts: [Int64: String], pinnedSince: Timestamp)
        throws
        -> Int?
    {
        for seq in try pins(block, since: pinnedSince) {
            guard let text = texts[seq] else { return nil }
            try db.run(
                "UPDATE summary SET jws = ? WHERE agent = ? AND epoch = ? AND seq = ? AND jws = ''",
                .text(text), .text(block.agent.rawValue), .integer(block.epoch), .integer(seq))
        }
        let deleted = try db.run(
            """
            DELETE FROM summary WHERE agent = ? AND epoch = ? AND seq BETWEEN ? AND ? AND jws = ''
            """, .text(block.agent.rawValue), .integer(block.epoch),
            .integer(block.seqs.lowerBound), .integer(block.seqs.upperBound))
        try db.run("DELETE FROM evidence_block WHERE id = ?", .integer(block.id))
        return deleted
    }

    /// Summaries in no block that are older than a time and not pinned. An agent's last one is not among them, because
    /// the next must follow it.
    private static let oldRawEvidence = """
        SELECT s.rowid FROM summary s INDEXED BY summary_raw WHERE s.jws <> '' AND s.received_at < ?1
        AND NOT EXISTS (SELECT 1 FROM pin p WHERE p.agent = s.agent AND p.epoch = s.epoch
        AND p.seq = s.seq AND p.at_ms >= ?2)
        AND NOT EXISTS (SELECT 1 FROM agent a WHERE a.id = s.agent AND a.epoch = s.epoch
        AND a.seq = s.seq) LIMIT ?3
        """

    /// Looks through all summaries in no block. Readers call this, so that the writer need not.
    package func hasOldRawEvidence(before time: Timestamp, pinnedSince: Timestamp) throws -> Bool {
        try db.first(Self.oldRawEvidence, time.value, pinnedSince.value, .integer(1)) { _ in true }
            ?? false
    }

    package func pruneRawEvidence(before time: Timestamp, pinnedSince: Timestamp, countMax: Int)
        throws
        -> Int
    {
        try db.run(
            "DELETE FROM summary WHERE rowid IN (\(Self.oldRawEvidence))", time.value,
            pinnedSince.value, .integer(Int64(countMax)))
    }

    /// Keeps what counts towards a lock for as long as the lock: a system's summaries that reach into a window.
    package func pinWindow(_ system: SystemCode, from start: Timestamp, at time: Timestamp) throws {
        // Such summaries were received since then, unless the agent's clock was ahead.
        let received = start.advanced(byMilliseconds: -Timestamp.millisecondsPerDay)
        for agent in try agents(ofSystem: system) {
            let before = try lastEvidence(agent.id, before: received)
            try db.run(
                """
                INSERT INTO pin (agent, epoch, seq, at_ms) SELECT agent, epoch, seq, ?4 FROM summary
                WHERE agent = ?1 AND (epoch, seq) > (?2, ?3) AND to_ms > ?5
                ON CONFLICT DO UPDATE SET at_ms = MAX(at_ms, excluded.at_ms), holds = NULL
                """, .text(agent.id.rawValue), .integer(before.epoch), .integer(before.seq),
                time.value, .integer(start.milliseconds))
        }
    }

    /// Keeps summaries for as long as a lock is kept, even if no alert cites them any more. `cited` is a JSON list of
    /// `EvidenceReference`.
    func pin(_ cited: String, at time: Timestamp) throws {
        try db.run(
            """
            INSERT INTO pin (agent, epoch, seq, at_ms)
            SELECT json_extract(value, '$.agent'), json_extract(value, '$.epoch'),
            json_extract(value, '$.seq'), ?2 FROM json_each(?1) WHERE true
            ON CONFLICT DO UPDATE SET at_ms = max(at_ms, excluded.at_ms), holds = NULL
            """, .text(cited), time.value)
    }

    package func prunePins(before time: Timestamp, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM pin WHERE (agent, epoch, seq) IN (
            SELECT agent, epoch, seq FROM pin WHERE at_ms < ? LIMIT ?)
            """, time.value, .integer(Int64(countMax)))
    }
}
