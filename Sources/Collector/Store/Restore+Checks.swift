import Domain
import Platform
import Wire

/// What a backup must hold before anything is touched for its sake.
extension Restore {
    static func checkIsFile(_ path: String) throws {
        guard Files.exists(path) else {
            throw CommandFailure(
                .noFile, "\(path): there is no such file", vi: "\(path): không có tệp này")
        }
        guard !Files.isFolder(path) else {
            throw CommandFailure(
                .badInput, "\(path) is a folder; name the file of a backup",
                vi: "\(path) là thư mục; hãy chỉ ra tệp sao lưu")
        }
    }

    static func foreign(_ path: String, _ why: String, vi: String) -> CommandFailure {
        CommandFailure(
            .badInput,
            "\(path) is no backup of a collector (\(why)); make one with chot-collector backup",
            vi: "\(path) không phải bản sao lưu của máy chủ tổng hợp (\(vi))")
    }

    private static func unreadable(_ path: String, _ file: String) -> CommandFailure {
        CommandFailure(
            .badInput, "\(path) is damaged: \(file) in it cannot be read; use another backup",
            vi: "\(path) bị hỏng: không đọc được \(file) trong đó; hãy dùng bản sao lưu khác")
    }

    /// The schema is one that this program knows, and the tables of its first day are there: `Schema.sql` would make
    /// those that are missing, empty, and nobody would see that what they held is lost.
    static func checkSchema(_ db: SQLiteConnection, _ path: String) throws {
        let version = try db.first("PRAGMA user_version") { $0.integer(0) } ?? 0
        let (oldest, newest) = (Migrations.oldest, Schema.version)
        guard version <= newest else {
            throw CommandFailure(
                .badInput,
                "\(path) was written by a newer program (schema \(version), this program knows \(oldest) to \(newest)): install that one, or use an older backup",
                vi:
                    "\(path) do bản mới hơn ghi (lược đồ \(version), chương trình này dùng \(oldest) đến \(newest)): hãy cài bản đó hoặc dùng bản sao lưu cũ hơn"
            )
        }
        guard version >= oldest else {
            throw CommandFailure(
                .badInput,
                "\(path) is older than anything that was released (schema \(version), this program knows \(oldest) to \(newest)): use another backup",
                vi:
                    "\(path) cũ hơn mọi bản phát hành (lược đồ \(version), chương trình này dùng \(oldest) đến \(newest)): hãy dùng bản sao lưu khác"
            )
        }
        let present = Set(
            try db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.text(0) })
        let missing = tables(of: version).filter { !present.contains($0) }
        guard missing.isEmpty else {
            let names = missing.joined(separator: ", ")
            throw CommandFailure(
                .badInput, "\(path) is damaged: it has no table \(names); use another backup",
                vi: "\(path) bị hỏng: thiếu bảng \(names); hãy dùng bản sao lưu khác")
        }
    }

    /// Those that every database of the version has; more came without a new version.
    private static func tables(of version: Int64) -> [String] {
        let all =
            [
                "unit", "system", "person", "token", "agent", "gap", "summary",
                "denial", "tally", "noted", "allowance", "emergency", "secret", "activity",
                "alert", "lock", "lock_delivery", "waiver", "lock_set", "policy", "audit",
            ] + ["account", "service", "notice"].map { version >= 5 ? "registered_\($0)" : $0 }
        guard version >= 4 else { return all + ["usage"] }
        return all + [
            "day_key", "sketch", "usage_system", "usage_service", "usage_account", "usage_hour",
            "usage_date", "usage_system_hour", "usage_kept", "evidence_block", "pin", "state",
            "former_set",
        ]
    }

    /// The keys in it can be read, and a state folder of another collector takes no backup of this one.
    func checkFiles(_ files: [(String, [UInt8])], _ path: String) throws {
        let content = Dictionary(files, uniquingKeysWith: { first, _ in first })
        guard let theirs = content["keys.jws"].flatMap(Self.root) else {
            throw Self.unreadable(path, "keys.jws")
        }
        guard let key = content["sign.key"], Self.isKey(key) else {
            throw Self.unreadable(path, "sign.key")
        }
        let own = "\(state)/keys.jws"
        guard Files.exists(own) else { return }
        // Keys may have been changed after the backup: then those of now stay. Only the root never changes.
        guard let ours = Self.root(try Files.read(own, bytesMax: Backup.fileBytesMax)) else {
            throw CommandFailure(
                .badConfig,
                "\(own) is damaged; move it away, then the backup's is taken in its place",
                vi: "\(own) bị hỏng; hãy chuyển nó đi chỗ khác để dùng tệp trong bản sao lưu")
        }
        guard ours == theirs else {
            throw CommandFailure(
                .badInput,
                "\(state) belongs to another collector than the backup; restore into an empty folder",
                vi: "\(state) thuộc máy chủ khác với bản sao lưu; hãy khôi phục vào thư mục trống"
            )
        }
    }

    /// The root that a key list names and that signed it.
    private static func root(_ keys: [UInt8]) -> String? {
        guard let jws = try? JWS.parse(keys),
            let list = try? decodeJSON(KeyList.self, jws.payload)
        else { return nil }
        let root = list.root.thumbprint
        let isSigned = (try? KeyList.verified(String(decoding: keys, as: UTF8.self), root: root))
        return isSigned == nil ? nil : root
    }

    private static func isKey(_ bytes: [UInt8]) -> Bool {
        guard let jwk = try? decodeJSON(PrivateJWK.self, bytes),
            let seed = Base64URL.decode(jwk.d)
        else { return false }
        return (try? Ed25519PrivateKey(seed: seed)) != nil
    }
}
