import Platform
import Wire

extension Outbox {
    static let quotaSchema = """
        CREATE TABLE IF NOT EXISTS sent_quota (
            id INTEGER PRIMARY KEY CHECK (id = 1), json BLOB NOT NULL) STRICT;
        """

    /// What was told before a restart. A quota that cannot be read begins anew.
    func sentQuota() throws -> SentQuota {
        try database.use { db in
            let json = try db.first("SELECT json FROM sent_quota") { $0.blob(0) }
            // At worst we tell more than the half that we allow ourselves.
            return json.flatMap { try? decodeJSON(SentQuota.self, $0) } ?? SentQuota()
        }
    }

    func keep(_ quota: SentQuota) throws {
        let json = try encodeJSON(quota)
        _ = try database.use {
            try $0.run(
                """
                INSERT INTO sent_quota (id, json) VALUES (1, ?)
                ON CONFLICT (id) DO UPDATE SET json = excluded.json
                """, .blob(json))
        }
    }
}
