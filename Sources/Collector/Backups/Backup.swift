import Domain
import Glibc
import Platform
import Wire

/// A backup: one SQLite file with a consistent copy of the database and, in the table `state_file`, the small files
/// without which it is useless (docs/decisions/0015), sealed as a whole (docs/decisions/0016). An unsealed backup is as
/// secret as the state folder itself.
package struct Backup {
    /// Files of the state folder that are included. `root/` is kept offline, so it is not.
    package static let files = [
        "keys.jws", "sign.key", "ca.pem", "server.pem", "server.key", "collector.json5",
    ]
    /// Included so that a restore can check the audit log; it is never put back.
    static let headFile = "audit-head.jws"
    static let fileBytesMax = 1 << 20
    /// Stays free beside a copy on the collector's own disk, because the collector goes on writing there.
    static let spareBytes: Int64 = 64 << 20

    package let state: String

    package init(
        state: String
    ) {
        self.state = state
    }

    /// The unsealed copy until it is sealed, with mode 0600, beside the database that holds the same data.
    private static func scratch(_ state: String) -> String { "\(state)/backup.scratch" }

    /// Removes what a backup that was killed left in the state folder. Only the process that has locked the folder may
    /// call this.
    package static func removeLeft(_ state: String) { removeParts(scratch(state)) }

    /// Copies the database while others write to it. `path` must not exist; the file appears whole or not at all, with
    /// mode 0600. If `lock` is nil, it is not sealed. This takes as long as the disks need. Returns the SHA-256 of the
    /// file.
    @discardableResult
    package func write(to path: String, sealed lock: SealedFile.Lock?, at now: Timestamp) throws
        -> [UInt8]
    {
        guard !Files.exists(path) else {
            throw CommandFailure(
                .failed, "\(path) exists already; a backup never overwrites, choose another name",
                vi: "\(path) đã có; bản sao lưu không ghi đè, hãy chọn tên khác")
        }
        let partial = "\(path).partial"
        let clear = lock == nil ? partial : Self.scratch(state)
        func removeAll() { [partial, clear].forEach(Self.removeParts) }
        removeAll()
        defer { removeAll() }
        try checkRoom(path, scratch: lock == nil ? nil : clear)
        try makeClear(clear, for: path, now)
        if let lock {
            try SealedFile.seal(clear, to: partial, for: lock)
        } else {
            try Files.sync(partial)
        }
        let digest = try Files.digest(partial)
        try Files.rename(partial, to: path)
        Files.syncFolder(of: path)
        return digest
    }

    private func makeClear(_ clear: String, for path: String, _ now: Timestamp) throws {
        // Read before the copy is made, so that every entry it covers is in the copy.
        let head =
            try Files.exists("\(state)/\(Self.headFile)")
            ? Files.read("\(state)/\(Self.headFile)", bytesMax: Self.fileBytesMax) : nil
        try copy(to: clear, for: path)
        do {
            let copy = try SQLiteConnection(path: clear)
            // Leaves one file without a log beside it.
            try copy.execute("PRAGMA journal_mode = DELETE")
            try copy.transaction { try addFiles(copy, head, now) }
            try Self.check(copy, path)
        } catch {
            guard let error = error as? SQLiteError, error.isDiskTrouble else { throw error }
            throw FileError(path: path, action: .write, detail: error.message, vi: error.meaning)
        }
    }

    /// SQLite would play back a journal that a killed process left into the next file of that name.
    private static func removeParts(_ path: String) {
        for part in ["", "-journal", "-wal", "-shm"] { Files.remove(path + part) }
    }

    private func copy(to partial: String, for path: String) throws {
        let database = "\(state)/collector.db"
        let source = try SQLiteConnection(path: database)
        // SQLite would create it with the mode of the umask, readable by others while it is written. Instead it takes
        // an empty file of ours, and gives its journal the same mode.
        try Files.writeNew(partial, [])
        do {
            try source.run("VACUUM INTO ?", .text(partial))
        } catch {
            guard error.isDiskTrouble else { throw error }
            // SQLite names the file it reads, whichever of the two failed.
            if error.isDiskFull {
                throw FileError(
                    path: path, action: .write, detail: error.message, vi: error.meaning)
            }
            throw CommandFailure(
                .failed,
                "\(database) cannot be copied to \(path): \(error.message) [SQLite \(error.code)]; check the disks of both",
                vi:
                    "không chép được \(database) vào \(path): \(error.meaning) [SQLite \(error.code)]; hãy kiểm tra ổ đĩa của cả hai"
            )
        }
    }

    /// Throws before anything is written if there is too little room. On the collector's own disk, spare room and the
    /// scratch copy count too.
    private func checkRoom(_ path: String, scratch: String?) throws {
        let source = try SQLiteConnection(path: "\(state)/collector.db", mode: .readOnly)
        let size = try source.first(
            """
            SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,
            pragma_freelist_count, pragma_page_size
            """
        ) { $0.integer(0) }
        guard let size else { return }
        let folder = Files.folder(of: path)
        let isOurs = Files.areOnOneFileSystem(folder, state)
        func check(_ place: String, in folder: String, _ needed: Int64, isOurs: Bool) throws {
            guard let free = Files.freeBytes(folder), free < needed else { return }
            throw noRoom(place, needed: needed, free: free, isOurs: isOurs)
        }
        let copies: Int64 = scratch == nil ? 1 : 2
        if isOurs {
            try check(path, in: folder, size * copies + Self.spareBytes, isOurs: true)
        } else {
            try check(path, in: folder, size, isOurs: false)
            if let scratch {
                try check(scratch, in: state, size + Self.spareBytes, isOurs: true)
            }
        }
    }

    private func noRoom(_ path: String, needed: Int64, free: Int64, isOurs: Bool) -> CommandFailure
    {
        // Rounded up and down, so that having the named amount is always enough.
        let (needed, free) = ((needed + (1 << 20) - 1) >> 20, free >> 20)
        return CommandFailure(
            .failed,
            "\(path): there is no room for a backup: it takes up to \(needed) MiB\(isOurs ? " with what must stay free" : ""), and \(free) MiB are free there; free some, or write it to another disk",
            vi:
                "\(path): không đủ chỗ cho bản sao lưu: cần tới \(needed) MiB\(isOurs ? " kể cả phần phải để trống" : ""), ở đó còn \(free) MiB; hãy giải phóng bớt hoặc ghi sang ổ đĩa khác"
        )
    }

    private func addFiles(_ copy: SQLiteConnection, _ head: [UInt8]?, _ now: Timestamp) throws {
        try copy.execute(
            """
            CREATE TABLE state_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE backup_note (at_ms INTEGER NOT NULL) STRICT;
            """)
        try copy.run("INSERT INTO backup_note (at_ms) VALUES (?)", now.value)
        func add(_ name: String, _ content: [UInt8]) throws {
            try copy.run(
                "INSERT INTO state_file (name, content) VALUES (?, ?)", .text(name), .blob(content))
        }
        for name in Self.files where Files.exists("\(state)/\(name)") {
            try add(name, try Files.read("\(state)/\(name)", bytesMax: Self.fileBytesMax))
        }
        if let head { try add(Self.headFile, head) }
    }

    package static func check(_ db: SQLiteConnection, _ path: String) throws {
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
