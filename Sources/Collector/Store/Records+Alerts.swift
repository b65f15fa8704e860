import CollectorValues
import Domain
import Platform
import Wire

extension Records {
    package func add(_ finding: Finding) throws {
        var figures = finding.figures
        figures["kind"] = .string(finding.kind)
        figures["key"] = .string(finding.key)
        let before = try standing(of: finding)
        let cited = Self.kept(finding.evidence)
        let evidence = String(decoding: try encodeJSON(cited), as: UTF8.self)
        try db.run(
            """
            INSERT INTO alert (rule, kind, scope, key, state, from_ms, at_ms, confidence, vi, en, figures, evidence)
            VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, \(finding.confidence), ?7, ?8, ?9, ?10)
            ON CONFLICT (rule, kind, scope, key) DO UPDATE SET at_ms = excluded.at_ms, vi = excluded.vi,
            en = excluded.en, figures = excluded.figures,
            state = CASE WHEN rule = 'I1' THEN 'open' ELSE state END, confidence = excluded.confidence
            """, .text(finding.rule.rawValue), .text(finding.kind), .text(finding.scope),
            .text(finding.key),
            finding.from.value, finding.at.value, .text(finding.message.vi),
            .text(finding.message.en),
            .text(String(decoding: try encodeJSON(figures), as: UTF8.self)),
            .text(evidence))
        if before == nil { try hold(cited, at: finding.at) } else { try cite(finding) }
        try tell(finding, since: before)
    }

    package func hasAlert(_ rule: String, _ kind: String, _ scope: String, _ key: String) throws
        -> Bool
    {
        try db.first(
            "SELECT 1 FROM alert WHERE rule = ? AND kind = ? AND scope = ? AND key = ?",
            .text(rule),
            .text(kind), .text(scope), .text(key)
        ) { _ in true } ?? false
    }

    /// Returns an alert's figures so far, for adding to them. They are empty if there is no such alert or they cannot
    /// be read.
    package func figures(_ rule: RuleID, _ kind: String, _ scope: String, _ key: String) throws
        -> [String: JSONValue]
    {
        let text =
            try db.first(
                "SELECT figures FROM alert WHERE rule = ? AND kind = ? AND scope = ? AND key = ?",
                .text(rule.rawValue), .text(kind), .text(scope), .text(key)
            ) { $0.text(0) } ?? "{}"
        return (try? decodeJSON([String: JSONValue].self, [UInt8](text.utf8))) ?? [:]
    }

    /// Counts the alerts whose key begins with a prefix, up to `countMax`.
    package func alertCount(
        _ rule: RuleID, _ kind: String, _ scope: String, keysFrom prefix: String, countMax: Int
    ) throws -> Int {
        try db.rows(
            """
            SELECT 1 FROM alert WHERE rule = ?1 AND kind = ?2 AND scope = ?3 AND key >= ?4
            AND key < ?4 || char(1114111) LIMIT ?5
            """, .text(rule.rawValue), .text(kind), .text(scope), .text(prefix),
            .integer(Int64(countMax))
        ) { _ in true }.count
    }

    package struct AlertRecord {
        package let id: Int64
        package let rule: String, kind: String, scope: String, state: String
        package let from: Timestamp, at: Timestamp
        package let confidence: Double
        package let message: Localized
        package let figures: JSONValue, evidence: JSONValue

        package var severity: Severity {
            SeverityTable.severity(of: rule, kind, confidence: confidence)
        }
    }

    private static let alertColumns = """
        id, rule, scope, state, from_ms, at_ms, CAST(confidence * 1000 AS INTEGER), vi, en, figures,
        evidence, kind
        """

    private func readAlert(_ row: SQLiteRow) throws -> AlertRecord {
        AlertRecord(
            id: row.integer(0), rule: row.text(1), kind: row.text(11), scope: row.text(2),
            state: row.text(3),
            from: Timestamp(milliseconds: row.integer(4)),
            at: Timestamp(milliseconds: row.integer(5)), confidence: Double(row.integer(6)) / 1000,
            message: Localized(vi: row.text(7), en: row.text(8)),
            figures: try decodeJSON(JSONValue.self, [UInt8](row.text(9).utf8)),
            evidence: try decodeJSON(JSONValue.self, [UInt8](row.text(10).utf8)))
    }

    /// Returns the newest 10,000 alerts, or the one with an id.
    package func alerts(_ id: Int64? = nil) throws -> [AlertRecord] {
        // Looked up by its key: one statement for both cases would read the whole table for each alert of a list.
        if let id {
            return try db.rows(
                "SELECT \(Self.alertColumns) FROM alert WHERE id = ?", .integer(id),
                read: readAlert)
        }
        return try db.rows(
            """
            SELECT \(Self.alertColumns) FROM alert ORDER BY at_ms DESC, id DESC LIMIT 10000
            """, read: readAlert)
    }

    /// Returns the alerts with the lock's rule, scope and key.
    package func alerts(ofLock lock: LockRecord) throws -> [AlertRecord] {
        guard let key = lock.key else { return [] }
        return try db.rows(
            """
            SELECT \(Self.alertColumns) FROM alert WHERE rule = ? AND scope = ?
            AND (key = ? OR key = ?) ORDER BY id
            """, .text(lock.reason), .text(lock.scope.description), .text(key),
            .text("\(key)#\(lock.k ?? 0)"), read: readAlert)
    }

    /// Returns the newest alerts of a scope, at most 200.
    package func alerts(scope: String) throws -> [AlertRecord] {
        try db.rows(
            "SELECT \(Self.alertColumns) FROM alert WHERE scope = ? ORDER BY id DESC LIMIT 200",
            .text(scope), read: readAlert
        ).reversed()
    }

    package func resolveAlert(_ id: Int64, at now: Timestamp) throws -> Bool {
        guard
            try db.run(
                "UPDATE alert SET state = 'resolved' WHERE id = ? AND state <> 'resolved'",
                .integer(id)) > 0
        else { return try !alerts(id).isEmpty }
        try noteResolved(id, at: now)
        return true
    }
}
