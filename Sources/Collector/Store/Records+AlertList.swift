import CollectorValues
import Domain
import Platform

/// Says which alerts are wanted, and at most how many.
package struct AlertFilter {
    package static let limitStandard = 1_000
    package static let limitMax = 10_000

    package var rule: RuleID?
    /// Alerts of the unit itself, its systems, and whatever lies in them, but not those of the nation or of a person.
    package var unit: UnitCode?
    /// Alerts of this severity or a higher one.
    package var severity: Severity?
    package var state: String?
    /// The range of the time when the alert was last found, `to` excluded.
    package var from: Timestamp?
    package var to: Timestamp?
    package var limit = limitStandard

    package init() {}

    fileprivate func holds(_ scope: String) -> Bool {
        guard let unit else { return true }
        switch Scope(scope) {
        case .unit(let own)?: return own == unit
        case let scope?: return scope.system?.unit == unit
        case nil: return false
        }
    }
}

extension Records {
    package struct AlertList {
        package let alerts: [AlertRecord]
        /// How many more alerts fit the filter.
        package let more: Int
    }

    /// Returns the loudest alerts first, and the latest of these. Reads only the index `alert_list`, then the alerts of
    /// the answer.
    package func alertList(_ filter: AlertFilter) throws -> AlertList {
        var ids: [Int64] = []
        var count = 0
        let rows = try db.rows(
            """
            SELECT id, CASE WHEN ?3 IS NULL THEN '' ELSE scope END FROM alert
            WHERE (?1 IS NULL OR rule = ?1) AND (?2 IS NULL OR state = ?2)
            AND (?3 IS NULL OR instr(scope, ?3) > 0)
            AND (?4 IS NULL OR \(SeverityTable.rankSQL) >= ?4)
            AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
            ORDER BY \(SeverityTable.rankSQL) DESC, at_ms DESC, id DESC
            """, .optional(filter.rule?.rawValue), .optional(filter.state),
            .optional(filter.unit?.rawValue),
            .optional(filter.severity.map { Int64($0.rank) }),
            .optional(filter.from?.milliseconds), .optional(filter.to?.milliseconds)
        ) { (id: $0.integer(0), scope: $0.text(1)) }
        for row in rows where filter.holds(row.scope) {
            count += 1
            if ids.count < filter.limit { ids.append(row.id) }
        }
        return AlertList(alerts: try ids.flatMap { try alerts($0) }, more: count - ids.count)
    }
}

extension SeverityTable {
    /// `severity(of:_:confidence:)` as an expression over the columns of `alert`.
    static let rankSQL: String = {
        let sure = Int64(saturating: sureAt * 1000)
        let cases = lines.map { line in
            let kind = line.kind == "*" ? "" : " AND kind = '\(line.kind)'"
            let rank =
                line.severity == line.sure
                ? "\(line.severity.rank)"
                : "CASE WHEN CAST(confidence * 1000 AS INTEGER) >= \(sure) "
                    + "THEN \(line.sure.rank) ELSE \(line.severity.rank) END"
            return "WHEN rule = '\(line.rule.rawValue)'\(kind) THEN \(rank)"
        }
        return "CASE \(cases.joined(separator: " ")) ELSE \(Severity.warning.rank) END"
    }()
}
