import Domain
import Platform

/// Answers whether a name is registered or was ever counted.
extension Records {
    package func knows(unit code: String) throws -> Bool {
        // "/" is the character after ".", so the unit's systems lie between the two.
        try isThere(
            """
            SELECT 1 FROM unit WHERE code = ?1 UNION ALL
            SELECT 1 FROM usage_system WHERE code >= ?1 || '.' AND code < ?1 || '/'
            """, .text(code))
    }

    package func knows(system code: String) throws -> Bool {
        try isThere(
            """
            SELECT 1 FROM system WHERE code = ?1 UNION ALL
            SELECT 1 FROM usage_system WHERE code = ?1
            """, .text(code))
    }

    package func knows(service name: String) throws -> Bool {
        try isThere(
            """
            SELECT 1 FROM usage_service WHERE name = ?1 UNION ALL
            SELECT 1 FROM \(Registered.service) WHERE service = ?1
            """, .text(name))
    }

    /// Asks about one system, or about any if `system` is nil.
    package func knows(login: String, system: String?) throws -> Bool {
        try isThere(
            """
            SELECT 1 FROM usage_account WHERE login = ?1 AND (?2 IS NULL OR
            system = (SELECT id FROM usage_system WHERE code = ?2)) UNION ALL
            SELECT 1 FROM \(Registered.account) WHERE login = ?1 AND (?2 IS NULL OR system = ?2)
            """, .text(login), .optional(system))
    }

    package func isRegistered(_ service: ServiceName, _ system: SystemCode) throws -> Bool {
        try isThere(
            "SELECT 1 FROM \(Registered.service) WHERE system = ?1 AND service = ?2",
            .text(system.rawValue),
            .text(service.rawValue))
    }

    private func isThere(_ sql: String, _ values: SQLiteValue...) throws -> Bool {
        try db.first("SELECT EXISTS (\(sql))", values: values) { $0.integer(0) != 0 } ?? false
    }
}
