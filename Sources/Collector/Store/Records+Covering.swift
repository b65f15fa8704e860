import Domain
import Platform
import Wire

/// Tells a restored snapshot from time that is told again, and from a seal that is being completed.
extension Records {
    /// `Summary.returns` of the agent's last counted summary.
    package func returns(_ agent: AgentID) throws -> Int64 {
        try db.first(
            "SELECT returns FROM agent_time WHERE agent = ?", .text(agent.rawValue),
            read: { $0.integer(0) }) ?? 0
    }

    package func keepReturns(_ agent: AgentID, _ count: Int64) throws {
        try db.run(
            """
            INSERT INTO agent_time (agent, returns) VALUES (?, ?)
            ON CONFLICT (agent) DO UPDATE SET returns = excluded.returns
            """, .text(agent.rawValue), .integer(count))
    }

    /// How many summaries, by number, are searched for the end before a time: more than an agent tells in a day.
    private static let lookedBackMax = 2000

    /// Returns the end of the last counted summary that ends no later than this one begins. It is looked for among the
    /// last 2,000, then by time among those that are in no block yet. So an agent that tells again and again that time
    /// came back does not make us search everything it ever sent.
    package func lastEnd(before summary: Summary) throws -> Timestamp? {
        let agent = SQLiteValue.text(summary.agent.rawValue)
        let near = try db.first(
            """
            SELECT to_ms FROM (SELECT to_ms, state FROM summary WHERE agent = ?1 AND (epoch, seq) < (?3, ?4)
            ORDER BY epoch DESC, seq DESC LIMIT \(Self.lookedBackMax)) WHERE state = 'counted' AND to_ms <= ?2 LIMIT 1
            """, agent, summary.from.value, .integer(summary.epoch), .integer(summary.seq)
        ) { Timestamp(milliseconds: $0.integer(0)) }
        if let near { return near }
        return try db.first(
            """
            SELECT to_ms FROM summary INDEXED BY summary_content WHERE agent = ? AND from_ms < ?
            AND state = 'counted' AND jws <> '' ORDER BY from_ms DESC LIMIT 1
            """, agent, summary.from.value
        ) { Timestamp(milliseconds: min($0.integer(0), summary.from.milliseconds)) }
    }

    /// Returns the end of an agent's last counted summary; nil if there is none. It searches all later summaries, so it
    /// is for agents whose `SenderAccount.told` is unknown.
    func lastTold(_ agent: AgentID) throws -> Timestamp? {
        try db.first(
            """
            SELECT to_ms FROM summary WHERE agent = ? AND state = 'counted'
            ORDER BY epoch DESC, seq DESC LIMIT 1
            """, .text(agent.rawValue)
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// Returns the gaps of all agents that reach into a time, in order, from one statement.
    package func gaps(after start: Timestamp?, before end: Timestamp, ofSystem system: SystemCode?)
        throws
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

    /// Whether exactly this time is noted as missing.
    package func hasGap(_ agent: AgentID, _ from: Timestamp, _ to: Timestamp) throws -> Bool {
        try db.first(
            "SELECT 1 FROM gap WHERE agent = ? AND from_ms = ? AND to_ms = ?",
            .text(agent.rawValue), from.value, to.value
        ) { _ in true } ?? false
    }

    /// Forgets gaps that end at `end` and begin no earlier than `start`, some of them in each call.
    package func removeGaps(_ agent: AgentID, endingAt end: Timestamp, since start: Timestamp)
        throws
    {
        try db.run(
            """
            DELETE FROM gap WHERE rowid IN (SELECT rowid FROM gap INDEXED BY gap_end
            WHERE agent = ? AND to_ms = ? AND from_ms >= ? LIMIT 64)
            """, .text(agent.rawValue), end.value, start.value)
    }

    package func removeGap(_ agent: AgentID, _ from: Timestamp, _ to: Timestamp) throws {
        try db.run(
            "DELETE FROM gap WHERE agent = ? AND from_ms = ? AND to_ms = ?", .text(agent.rawValue),
            from.value, to.value)
    }

    /// Cuts gaps that reach into the future, so that they end now.
    package func cutGaps(_ agent: AgentID, at now: Timestamp) throws {
        try db.run(
            "DELETE FROM gap WHERE agent = ? AND from_ms >= ?", .text(agent.rawValue), now.value)
        try db.run(
            "UPDATE gap SET to_ms = ?2 WHERE agent = ?1 AND to_ms > ?2", .text(agent.rawValue),
            now.value)
    }

    // MARK: parts

    package enum PartCounted { case this, others, none }

    /// Says which parts of this summary's seal were counted: this one, or only others.
    package func partCounted(_ summary: Summary) throws -> PartCounted {
        if try hasPart(summary, "n = ?5") { return .this }
        return try hasOtherPart(summary) ? .others : .none
    }

    /// Whether another part of this summary's seal was counted.
    package func hasOtherPart(_ summary: Summary) throws -> Bool {
        try hasPart(summary, "n <> ?5 AND n <> \(Self.lossNumber)")
    }

    /// No part has this number. A row with it says that a part of the seal told of a loss.
    private static let lossNumber = 0

    /// Whether a part of this summary's seal told that some of its time is lost. That time stays missing when the seal
    /// is whole.
    package func hasLoss(_ summary: Summary) throws -> Bool {
        try hasPart(summary, "n = \(Self.lossNumber) AND ?5 > 0")
    }

    package func keepLoss(_ summary: Summary) throws { try keepPart(summary, Self.lossNumber) }

    private func hasPart(_ summary: Summary, _ condition: String) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM seal_part WHERE agent = ?1 AND from_ms = ?2 AND to_ms = ?3 AND parts = ?4
            AND \(condition) LIMIT 1
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of)), .integer(Int64(summary.part.n))
        ) { _ in true } ?? false
    }

    /// Returns how many parts of this summary's seal were counted. This reads each of them, which `IntakeWork` takes
    /// into account.
    package func partsCounted(_ summary: Summary) throws -> Int {
        try db.first(
            """
            SELECT COUNT(*) FROM seal_part WHERE agent = ? AND from_ms = ? AND to_ms = ? AND parts = ?
            AND n <> \(Self.lossNumber)
            """, .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of))
        ) { Int($0.integer(0)) } ?? 0
    }

    /// Returns the state of the part before this one; nil if the summary before is no part of the same seal. If the
    /// number of parts differs, the same time is being told again, as another seal.
    package func stateOfFormerPart(_ summary: Summary) throws -> String? {
        guard summary.part.n > 1 else { return nil }
        let former = try db.first(
            """
            SELECT state, jws FROM summary
            WHERE agent = ? AND epoch = ? AND seq = ? AND from_ms = ? AND to_ms = ?
            """, .text(summary.agent.rawValue), .integer(summary.epoch),
            .integer(summary.seq.subtracting(1)), summary.from.value, summary.to.value
        ) { (state: $0.text(0), jws: $0.text(1)) }
        guard let former else { return nil }
        let told = try? decodeJSON(Summary.self, JWS.parse(former.jws.utf8).payload)
        if let told, told.part.of != summary.part.of { return nil }
        return former.state
    }

    package func keepPart(_ summary: Summary) throws { try keepPart(summary, summary.part.n) }

    private func keepPart(_ summary: Summary, _ number: Int) throws {
        try db.run(
            "INSERT OR IGNORE INTO seal_part (agent, from_ms, to_ms, parts, n) VALUES (?, ?, ?, ?, ?)",
            .text(summary.agent.rawValue), summary.from.value, summary.to.value,
            .integer(Int64(summary.part.of)), .integer(Int64(number)))
    }
}
