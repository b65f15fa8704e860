import CollectorValues
import Domain
import Platform
import Wire

/// What alerts cite, and what is kept because of that. An alert that is found again with each summary cites the first
/// summaries and the newest. What it no longer cites is kept no longer than any other summary.
extension Records {
    /// The most summaries that one alert cites: for I1 the first 64, for any other the first one and the newest 63.
    static let citationsMax = 64

    /// Cuts the list of a single finding to what is kept.
    package static func kept(_ all: [EvidenceReference]) -> [EvidenceReference] {
        all.count <= citationsMax ? all : all.prefix(1) + all.suffix(citationsMax - 1)
    }

    /// Adds to the citations of an existing alert. This costs what the finding cites, however often it was found
    /// before.
    func cite(_ finding: Finding) throws {
        for source in Self.kept(finding.evidence) { try cite(source, finding) }
    }

    private func cite(_ source: EvidenceReference, _ finding: Finding) throws {
        let text = String(decoding: try encodeJSON(source), as: UTF8.self)
        let key: [SQLiteValue] = [
            .text(finding.rule.rawValue), .text(finding.kind), .text(finding.scope),
            .text(finding.key),
        ]
        let found = try db.first(
            """
            SELECT id, json_array_length(evidence), instr(evidence, ?5), json_extract(evidence, '$[1]')
            FROM alert WHERE rule = ?1 AND kind = ?2 AND scope = ?3 AND key = ?4
            """, values: key + [.text(text)]
        ) {
            (
                id: $0.integer(0), count: $0.integer(1), isCited: $0.integer(2) > 0,
                second: $0.text(3)
            )
        }
        guard let found else { return }
        if found.isCited { return try renew(source, at: finding.at) }
        let isFull = found.count >= Int64(Self.citationsMax)
        // A hostile agent can have I1 found again with each summary, so the first citations stay.
        if isFull, finding.rule == .i1 { return }
        let former = isFull ? "json_remove(evidence, '$[1]')" : "evidence"
        try db.run(
            "UPDATE alert SET evidence = json_insert(\(former), '$[#]', json(?)) WHERE id = ?",
            .text(text), .integer(found.id))
        try hold([source], at: finding.at)
        if isFull { try release(found.second) }
    }

    /// Keeps summaries for as long as the alerts that cite them are kept.
    package func hold(_ cited: [EvidenceReference], at time: Timestamp) throws {
        for source in cited {
            try db.run(
                """
                INSERT INTO pin (agent, epoch, seq, at_ms, holds) VALUES (?, ?, ?, ?, 1)
                ON CONFLICT DO UPDATE SET at_ms = max(at_ms, excluded.at_ms), \(NumberRanges.adding("holds", "1"))
                """, .text(source.agent.rawValue), .integer(source.epoch), .integer(source.seq),
                time.value)
        }
    }

    /// Extends how long a summary is kept that is cited already.
    private func renew(_ source: EvidenceReference, at time: Timestamp) throws {
        try db.run(
            "UPDATE pin SET at_ms = max(at_ms, ?4) WHERE agent = ?1 AND epoch = ?2 AND seq = ?3",
            .text(source.agent.rawValue), .integer(source.epoch), .integer(source.seq), time.value)
    }

    /// Called when one alert no longer cites a summary. `cited` is the JSON of an `EvidenceReference`.
    private func release(_ cited: String) throws {
        guard let source = try? decodeJSON(EvidenceReference.self, [UInt8](cited.utf8)) else {
            return
        }
        let place: [SQLiteValue] = [
            .text(source.agent.rawValue), .integer(source.epoch), .integer(source.seq),
        ]
        let left = try db.run(
            """
            DELETE FROM pin WHERE agent = ? AND epoch = ? AND seq = ? AND holds <= 1
            """, values: place)
        guard left == 0 else { return }
        try db.run(
            "UPDATE pin SET holds = holds - 1 WHERE agent = ? AND epoch = ? AND seq = ?",
            values: place)
    }
}
