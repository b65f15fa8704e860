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
    /// Stays free beside a copy on the collector's own disk: it goes on writing there.
    static let spareBytes: Int64 = 64 << 20

    let state: String

    /// Copies while others write. `path` must not exist; it appears whole or not at all, 0600. Takes as long as the disk needs.
    func write(to path: String, at now: Timestamp) throws {
        guard !Files.exists(path) else {
            throw CommandFailure(
                .failed, "\(path) exists already; a backup never overwrites, choose another name",
                vi: "\(path) đã có; bản sao lưu không ghi đè, hãy chọn tên khác")
        }
        let partial = "\(path).partial"
        removePartial(partial)
        do {
            try copy(to: partial, for: path)
            do {
                let copy = try SQLiteConnection(path: partial)
                // One file, without a log beside it.
                try copy.execute("PRAGMA journal_mode = DELETE")
                try copy.transaction { try addFiles(copy, now) }
                try Self.check(copy, path)
            } catch {
                guard let error = error as? SQLiteError, error.isDiskTrouble else { throw error }
                throw FileError(path: path, action: "write", detail: error.message)
            }
            try Files.sync(partial)
            try Files.rename(partial, to: path)
            Files.syncFolder(of: path)
        } catch {
            removePartial(partial)
            throw error
        }
    }

    /// A journal left by a killed process would be played back into the next file of that name.
    private func removePartial(_ partial: String) {
        for part in ["", "-journal", "-wal", "-shm"] { Files.remove(partial + part) }
    }

    private func copy(to partial: String, for path: String) throws {
        let database = "\(state)/collector.db"
        let source = try SQLiteConnection(path: database)
        try checkRoom(source, path)
        // SQLite would make it by the umask, readable by others while it is written. It takes an empty file of ours
        // instead, and gives its journal the same mode.
        try Files.writeNew(partial, [])
        do {
            try source.run("VACUUM INTO ?", .text(partial))
        } catch {
            guard error.isDiskTrouble else { throw error }
            // SQLite names the file it reads, whichever of the two failed.
            if error.isDiskFull {
                throw FileError(path: path, action: "write", detail: error.message)
            }
            throw CommandFailure(
                .failed,
                "\(database) cannot be copied to \(path): \(error.message) [SQLite \(error.code)]; check the disks of both",
                vi:
                    "không chép được \(database) vào \(path): \(error.message) [SQLite \(error.code)]; hãy kiểm tra ổ đĩa của cả hai"
            )
        }
    }

    /// Before anything is written. Only on its own disk the collector needs room to go on.
    private func checkRoom(_ source: SQLiteConnection, _ path: String) throws {
        let folder = Files.folder(of: path)
        let spare = Files.areOnOneFileSystem(folder, state) ? Self.spareBytes : 0
        let needed = try source.first(
            """
            SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,
            pragma_freelist_count, pragma_page_size
            """
        ) { $0.integer(0) + spare }
        guard let needed, let free = Files.freeBytes(folder), free < needed else { return }
        throw noRoom(path, needed: needed, free: free, isOurs: spare > 0)
    }

    private func noRoom(_ path: String, needed: Int64, free: Int64, isOurs: Bool) -> CommandFailure
    {
        // Rounded so that what is told is never enough.
        let (needed, free) = ((needed + (1 << 20) - 1) >> 20, free >> 20)
        return CommandFailure(
            .failed,
            "\(path): there is no room for a backup: it takes up to \(needed) MiB\(isOurs ? " with what must stay free" : ""), and \(free) MiB are free there; free some, or write it to another disk",
            vi:
                "\(path): không đủ chỗ cho bản sao lưu: cần tới \(needed) MiB\(isOurs ? " kể cả phần phải để trống" : ""), ở đó còn \(free) MiB; hãy giải phóng bớt hoặc ghi sang ổ đĩa khác"
        )
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
