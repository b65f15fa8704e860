import Domain
import Platform

/// Remembers which breaches were told, so that a restart tells none again.
extension Outbox {
    static func remember(_ breach: Breach, in db: SQLiteConnection) throws {
        try db.run(
            """
            INSERT INTO told (rule, scope, key, k, at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET k = max(k, excluded.k), at = excluded.at
            """, .text(breach.rule.rawValue), .text(breach.scope.description), .text(breach.key),
            .integer(Int64(breach.k)), .integer(breach.at.milliseconds))
    }

    /// The highest breach of each quota that an interval tells of, so that a Gate after a restart tells none again.
    func told() throws -> [(id: Quota.ID, k: Int)] {
        try database.use {
            try $0.rows("SELECT rule, scope, key, k FROM told") { row in
                guard let rule = RuleID(rawValue: row.text(0)), let scope = Scope(row.text(1)),
                    let id = Quota.ID(rule: rule, scope: scope, key: row.text(2))
                else { return nil }
                return (id, Int(clamping: row.integer(3)))
            }.compactMap { $0 }
        }
    }
}
