import Domain
import Platform

/// Tells what is in use of the registry, for the questions of an import.
extension Records {
    package func codes(_ table: String) throws -> [String] {
        try db.rows("SELECT code FROM \(table)") { $0.text(0) }
    }

    package func hasSystems(unit code: String) throws -> Bool {
        try db.first("SELECT 1 FROM system WHERE unit = ?", .text(code)) { _ in true } ?? false
    }

    /// Returns why a system cannot be removed from the registry; nil if nothing depends on it.
    package func keeper(ofSystem code: String) throws -> Localized? {
        let whys: [(String, Localized)] = [
            ("agent WHERE system = ?1", Localized(vi: "đã có điểm chốt", en: "it has agents")),
            (
                "lock WHERE state IN ('active', 'proposed') AND (scope = 'system=' || ?1 OR "
                    + "substr(scope, -length(?1) - 1) = '@' || ?1)",
                Localized(vi: "có lệnh khóa", en: "it has locks")
            ),
            (
                "usage_system WHERE code = ?1",
                Localized(vi: "đã có lượt truy vấn được đếm", en: "its queries are counted")
            ),
            (
                "\(Registered.account) WHERE system = ?1",
                Localized(vi: "còn tài khoản", en: "it has accounts")
            ),
            (
                "\(Registered.service) WHERE system = ?1",
                Localized(vi: "còn dịch vụ", en: "it has services")
            ),
            (
                "\(Registered.notice) WHERE system = ?1",
                Localized(vi: "còn thông báo", en: "it has notices")
            ),
        ]
        return try whys.first { table, _ in
            try db.first("SELECT 1 FROM \(table) LIMIT 1", .text(code)) { _ in true } ?? false
        }?.1
    }

    /// Returns the services that agents ever sent, or that any system has registered.
    package func serviceNames() throws -> [String] {
        try db.rows(
            "SELECT name FROM usage_service UNION SELECT service FROM \(Registered.service) LIMIT 2000"
        ) {
            $0.text(0)
        }
    }

    /// Returns the logins of a system with queries that passed since a date (days since 1970), at most 1,000.
    package func loginsUsed(_ system: SystemCode, since date: Int) throws -> [String] {
        try db.rows(
            """
            SELECT DISTINCT a.login FROM usage_date d JOIN usage_account a ON a.id = d.account
            WHERE d.date IN (?1, ?1 + 1) AND d.part IN (0, 1, 2, 3)
            AND d.system = (SELECT id FROM usage_system WHERE code = ?2) AND d.allowed + d.passed > 0
            AND a.login NOT IN ('?', '*other') LIMIT 1000
            """, .integer(Int64(date)), .text(system.rawValue)
        ) { $0.text(0) }
    }

    /// Returns the services of a system with queries that passed since an hour (hours since 1970), at most 1,000.
    package func servicesUsed(_ system: SystemCode, sinceHour hour: Int64) throws -> [String] {
        try db.rows(
            """
            SELECT DISTINCT s.name FROM usage_system_hour h JOIN usage_service s ON s.id = h.service
            WHERE h.system = (SELECT id FROM usage_system WHERE code = ?1) AND h.hour >= ?2
            AND h.allowed + h.passed > 0 AND s.name NOT IN ('?', '*other') LIMIT 1000
            """, .text(system.rawValue), .integer(hour)
        ) { $0.text(0) }
    }

    package func isUsed(service: String, system: String, sinceHour hour: Int64) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM usage_system_hour WHERE system = (SELECT id FROM usage_system WHERE code = ?1)
            AND hour >= ?2 AND service = (SELECT id FROM usage_service WHERE name = ?3)
            AND allowed + passed > 0 LIMIT 1
            """, .text(system), .integer(hour), .text(service)
        ) { _ in true } ?? false
    }
}
