import CollectorEvidence
import CollectorStore
import CollectorUsage
import Domain
import Platform
import Wire

/// Checks what a backup must hold, before anything is changed for it.
extension Restore {
    package static func checkIsFile(_ path: String) throws {
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

    package static func foreign(_ path: String, _ why: String, vi: String) -> CommandFailure {
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

    /// Larger than any value that we write.
    static let valueBytesMax: Int32 = 64 << 20

    package static func foreign(_ path: String, _ acting: [String]) -> CommandFailure {
        let names = acting.map { shown($0) }.joined(separator: ", ")
        return foreign(
            path, "it holds \(names), which no collector makes",
            vi: "có \(names), thứ mà máy chủ tổng hợp không tạo ra")
    }

    /// Checks after migrations that each table and index is as this program makes it, and that there is nothing else.
    static func checkShape(_ partial: String, _ path: String) throws {
        let db = try SQLiteConnection(path: partial, mode: .readOnly)
        let found = try SchemaShape(of: db).differences(
            from: SchemaShape.expected(), also: ["table usage"])
        guard found.isEmpty else { throw differs(found, path) }
    }

    private static func differs(_ found: [SchemaShape.Difference], _ path: String)
        -> CommandFailure
    {
        foreign(
            path, found.prefix(5).map(\.en).joined(separator: ", "),
            vi: found.prefix(5).map(\.vi).joined(separator: ", "))
    }

    /// Throws if a number is so large that arithmetic on it could overflow.
    static func checkNumbers(_ db: SQLiteConnection, _ path: String, at now: Timestamp) throws {
        guard let found = try NumberRanges.problem(in: db, at: now) else { return }
        let place = "\(shown(found.table)).\(shown(found.column)) = \(shown(found.value))"
        throw CommandFailure(
            .badInput,
            "\(path) holds a number that cannot be (\(place)): it was damaged or changed; use another backup",
            vi:
                "\(path) có số không thể có (\(place)): tệp bị hỏng hoặc bị sửa; hãy dùng bản sao lưu khác"
        )
    }

    /// Throws if a text is none of the words that we write in its place, or is JSON that cannot be read.
    static func checkTexts(_ db: SQLiteConnection, _ path: String) throws {
        guard let found = try KnownTexts.problem(in: db) else { return }
        let value = shown(String(found.value.prefix(80)))
        let place = "\(found.place) (\(shown(found.row))) = \(value)"
        throw CommandFailure(
            .badInput,
            "\(path) holds a text that cannot be (\(place)): it was damaged or changed; use another backup",
            vi:
                "\(path) có nội dung không thể có (\(place)): tệp bị hỏng hoặc bị sửa; hãy dùng bản sao lưu khác"
        )
    }

    /// Throws if a text is longer than its writer would make it, since it would be held in memory, shown or sent.
    package static func checkLengths(_ db: SQLiteConnection, _ path: String) throws {
        guard let found = try TextLengths.problem(in: db) else { return }
        let place = "\(shown(found.table)).\(shown(found.column))"
        let (bytes, most) = (found.bytes, found.bytesMax)
        throw CommandFailure(
            .badInput,
            "\(path) holds a text that cannot be (\(place) is \(bytes) bytes long, no collector writes more than \(most)): it was damaged or changed; use another backup",
            vi:
                "\(path) có nội dung không thể có (\(place) dài \(bytes) byte, máy chủ không bao giờ ghi quá \(most)): tệp bị hỏng hoặc bị sửa; hãy dùng bản sao lưu khác"
        )
    }

    /// Throws if totals or the audit log are not as signed, unless staff said why the backup is taken anyway.
    package func judge(_ check: RestoreCheck.Result, _ path: String) throws {
        guard !check.problems.isEmpty, accepted == nil else { return }
        func list(_ language: Language) -> String {
            check.problems.prefix(5).map { $0[language] }.joined(separator: "\n  ")
        }
        throw CommandFailure(
            .badInput,
            "\(path): \(check.problems.count) things in it do not agree with what was signed:\n  \(list(.en))\nuse another backup, or --accept-mismatch REASON, which the audit log keeps",
            vi:
                "\(path): \(check.problems.count) điểm không khớp với dữ liệu đã ký:\n  \(list(.vi))\nhãy dùng bản sao lưu khác, hoặc --accept-mismatch LÝ DO, được ghi vào nhật ký thao tác"
        )
    }

    /// Throws unless this program knows the schema version and all tables that every database of it has are there.
    /// `Schema.sql` would create missing tables empty, and nobody would see that their content is lost. Returns the
    /// version.
    static func checkSchema(_ db: SQLiteConnection, _ path: String) throws -> Int64 {
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
        // Objects that a migration would leave alone and that would be read as if they were ours.
        let unknown = try SchemaShape(of: db).differences(
            from: SchemaShape.expected(),
            also: lists(of: version).union(["table usage", "table state_file", "table backup_note"])
        ).filter { $0.kind == .unknown }
        guard unknown.isEmpty else { throw differs(unknown, path) }
        return version
    }

    /// The lists without registrations, which the migration moves.
    private static func lists(of version: Int64) -> Set<String> {
        guard version < 5 else { return [] }
        let tables = ["account", "service", "notice"]
        return Set(
            tables.map { "table \($0)" } + tables.map { "index sqlite_autoindex_\($0)_1" }
                + ["index account_person"])
    }

    /// The tables that every database of the version has; others were added without a new version.
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

    /// Checks that the keys in the backup can be read and belong together, and that the state folder is not another
    /// collector's. Returns the signing key.
    package func checkFiles(_ files: [(String, [UInt8])], _ path: String) throws -> Ed25519PublicKey
    {
        let content = Dictionary(files, uniquingKeysWith: { first, _ in first })
        guard let list = content["keys.jws"].flatMap(Self.keyList) else {
            throw Self.unreadable(path, "keys.jws")
        }
        guard let key = content["sign.key"].flatMap(Self.signingKey) else {
            throw Self.unreadable(path, "sign.key")
        }
        guard list.signing.contains(JWK(key)) else {
            throw CommandFailure(
                .badInput,
                "\(path): its signing key is none of its key list: agents would believe nothing; use another backup",
                vi:
                    "\(path): khóa ký không có trong danh sách khóa: các điểm chốt sẽ không tin; hãy dùng bản sao lưu khác"
            )
        }
        let own = "\(state)/keys.jws"
        guard Files.exists(own) else { return key }
        let theirs = list.root.thumbprint
        // Keys may have been changed since the backup; then the present ones stay. Only the root never changes.
        let present = Self.keyList(try Files.read(own, bytesMax: Backup.fileBytesMax))
        guard let ours = present?.root.thumbprint else {
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
        return key
    }

    /// Returns a key list that is signed by the root that it names.
    private static func keyList(_ keys: [UInt8]) -> KeyList? {
        guard let jws = try? JWS.parse(keys),
            let list = try? decodeJSON(KeyList.self, jws.payload)
        else { return nil }
        return try? KeyList.verified(
            String(decoding: keys, as: UTF8.self), root: list.root.thumbprint)
    }

    private static func signingKey(_ bytes: [UInt8]) -> Ed25519PublicKey? {
        guard let jwk = try? decodeJSON(PrivateJWK.self, bytes),
            let seed = Base64URL.decode(jwk.d)
        else { return nil }
        return try? Ed25519PrivateKey(seed: seed).publicKey
    }
}
