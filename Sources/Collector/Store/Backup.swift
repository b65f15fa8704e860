import Domain
import Glibc
import Platform
import Wire

/// A backup: one SQLite file with a consistent copy of the database and, in the table `state_file`, the small files
/// without which it is of no use (docs/decisions/0015). As secret as the state folder itself.
struct Backup {
    /// Files of the state folder that go along. `root/` is kept offline and does not.
    static let files = [
        "keys.jws", "sign.key", "ca.pem", "server.pem", "server.key", "collector.json5",
    ]
    static let fileBytesMax = 1 << 20

    let state: String

    /// Copies while others write. `path` must not exist; it appears whole or not at all, 0600. Takes as long as the disk needs.
    func write(to path: String, at now: Timestamp) throws {
        guard !Files.exists(path) else {
            throw CommandFailure(
                .failed, "\(path) exists already; a backup never overwrites, choose another name",
                vi: "\(path) đã có; bản sao lưu không ghi đè, hãy chọn tên khác")
        }
        let partial = "\(path).partial"
        Files.remove(partial)
        do {
            do {
                let source = try SQLiteConnection(path: "\(state)/collector.db")
                try source.run("VACUUM INTO ?", .text(partial))
            }
            chmod(partial, 0o600)
            do {
                let copy = try SQLiteConnection(path: partial)
                // One file, without a log beside it.
                try copy.execute("PRAGMA journal_mode = DELETE")
                try copy.transaction { try addFiles(copy, now) }
                try Self.check(copy, path)
            }
            try Files.sync(partial)
            try Files.rename(partial, to: path)
            Files.syncFolder(of: path)
        } catch {
            Files.remove(partial)
            throw error
        }
    }

    private func addFiles(_ copy: SQLiteConnection, _ now: Timestamp) throws {
        try copy.execute(
            """
            CREATE TABLE state_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE backup_note (at_ms INTEGER NOT NULL) STRICT;
            """)
        try copy.run("INSERT INTO backup_note (at_ms) VALUES (?)", now.value)
        for name in Self.files where Files.exists("\(state)/\(name)") {
            try copy.run(
                "INSERT INTO state_file (name, content) VALUES (?, ?)", .text(name),
                .blob(try Files.read("\(state)/\(name)", bytesMax: Self.fileBytesMax)))
        }
    }

    static func check(_ db: SQLiteConnection, _ path: String) throws {
        let verdict = try db.first("PRAGMA integrity_check(1)") { $0.text(0) } ?? "?"
        guard verdict == "ok" else {
            throw CommandFailure(
                .badInput, "\(path) is damaged (\(verdict)); use another backup",
                vi: "\(path) bị hỏng (\(verdict)); hãy dùng bản sao lưu khác")
        }
        let strays = try db.first("PRAGMA foreign_key_check") { $0.text(0) }
        if let strays {
            throw CommandFailure(
                .badInput, "\(path) is damaged: the table \(strays) refers to what is not there",
                vi: "\(path) bị hỏng: bảng \(strays) tham chiếu đến dữ liệu không có")
        }
    }
}
