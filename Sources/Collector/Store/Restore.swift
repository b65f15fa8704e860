import Domain
import Glibc
import Platform
import Wire

/// Puts a backup in the place of the database: checked first, the present one set aside and never deleted. The restored
/// collector begins a new generation of versions and asks its agents for what they hold (`TakeBack`).
struct Restore {
    let state: String
    let now: Timestamp

    struct Outcome {
        let madeAt: Timestamp
        let generation: Int64
        /// Where the former database lies now; nil: there was none.
        let aside: String?
        let files: [String]
        let locks: Int
        let auditEntries: Int64
    }

    private var database: String { "\(state)/collector.db" }
    private var partial: String { "\(state)/collector.db.restoring" }

    func run(_ path: String, by who: String) throws -> Outcome {
        guard Files.exists(path) else {
            throw CommandFailure(
                .noFile, "\(path): there is no such file", vi: "\(path): không có tệp này")
        }
        try Files.makeFolder(state)
        let lock = try FileLock("\(state)/lock")
        defer { withExtendedLifetime(lock) {} }
        removePartial()
        let madeAt: Timestamp
        let files: [(String, [UInt8])]
        let prepared: (generation: Int64, locks: Int, entries: Int64)
        do {
            try Files.copy(path, to: partial)
            (madeAt, files) = try opened(path)
            try checkFiles(files)
            prepared = try prepare(path, who)
        } catch {
            removePartial()
            throw error
        }
        // From here on nothing can fail but the disk; until the last name is changed, this can be run again.
        let aside = try setAside()
        try Files.rename(partial, to: database)
        Files.syncFolder(of: database)
        var written: [String] = []
        for (name, content) in files where !Files.exists("\(state)/\(name)") {
            let isPublic = ["keys.jws", "ca.pem", "server.pem", "collector.json5"].contains(name)
            try Files.writeAtomically("\(state)/\(name)", content, mode: isPublic ? 0o644 : 0o600)
            written.append(name)
        }
        try Files.makeFolder("\(state)/run", mode: 0o755)
        return Outcome(
            madeAt: madeAt, generation: prepared.generation, aside: aside, files: written,
            locks: prepared.locks, auditEntries: prepared.entries)
    }

    private func removePartial() {
        for suffix in ["", "-wal", "-shm", "-journal"] { Files.remove(partial + suffix) }
    }

    /// What the copy says of itself, and the state files in it.
    private func opened(_ path: String) throws -> (Timestamp, [(String, [UInt8])]) {
        func foreign(_ why: String) -> CommandFailure {
            CommandFailure(
                .badInput,
                "\(path) is no backup of a collector (\(why)); make one with chot-collector backup",
                vi: "\(path) không phải bản sao lưu của máy chủ tổng hợp (\(why))")
        }
        do {
            let db = try SQLiteConnection(path: partial)
            try Backup.check(db, path)
            guard let at = try db.first("SELECT at_ms FROM backup_note", read: { $0.integer(0) })
            else { throw foreign("it does not say when it was made") }
            let files = try db.rows("SELECT name, content FROM state_file") {
                ($0.text(0), $0.blob(1))
            }.filter { Backup.files.contains($0.0) }
            try db.transaction {
                try db.execute("DROP TABLE state_file; DROP TABLE backup_note;")
            }
            return (Timestamp(milliseconds: at), files)
        } catch let error as SQLiteError {
            if error.isDiskTrouble { throw error }
            throw foreign(error.message)
        }
    }

    /// A state folder of another collector takes no backup of this one.
    private func checkFiles(_ files: [(String, [UInt8])]) throws {
        for (name, content) in files where ["sign.key", "keys.jws"].contains(name) {
            let path = "\(state)/\(name)"
            guard Files.exists(path), try Files.read(path, bytesMax: Backup.fileBytesMax) != content
            else { continue }
            // Keys may have been changed after the backup: then those of now stay.
            guard name == "keys.jws" else { continue }
            let (ours, theirs) = (try root(Files.read(path, bytesMax: 1 << 20)), try root(content))
            guard ours == theirs else {
                throw CommandFailure(
                    .badInput,
                    "\(state) belongs to another collector than the backup; restore into an empty folder",
                    vi:
                        "\(state) thuộc máy chủ khác với bản sao lưu; hãy khôi phục vào thư mục trống"
                )
            }
        }
    }

    private func root(_ keys: [UInt8]) throws -> String {
        try decodeJSON(KeyList.self, try JWS.parse(keys).payload).root.thumbprint
    }

    private func prepare(_ path: String, _ who: String) throws -> (
        generation: Int64, locks: Int, entries: Int64
    ) {
        let present = (try? presentGeneration()) ?? 0
        let store = try SQLiteStore(path: partial)
        let result = try store.write { records in
            // Later than anything that was ever signed, also by a restore of which nothing is left.
            let generation = max(
                try records.generation() + 1, present + 1, now.milliseconds / 1000)
            let entries = try records.auditHead()?.number ?? 0
            try records.audit(
                who, "restore", "generation \(generation)",
                "\(path); entries after \(entries) were lost with the former database", at: now)
            _ = try records.beginGeneration(generation)
            try records.skipLockNumbers(1000)
            return (generation, try records.locks(state: .active).count, entries)
        }
        try store.finish()
        try Files.sync(partial)
        return result
    }

    private func presentGeneration() throws -> Int64 {
        guard Files.exists(database) else { return 0 }
        return try SQLiteConnection(path: database, mode: .readOnly).first(
            "SELECT value FROM state WHERE name = 'generation'"
        ) { $0.integer(0) } ?? 0
    }

    private func setAside() throws -> String? {
        let suffix = ".before-\(now.milliseconds / 1000)"
        if Files.exists("\(state)/audit-head.jws") {
            try Files.rename("\(state)/audit-head.jws", to: "\(state)/audit-head.jws" + suffix)
        }
        guard Files.exists(database) else { return nil }
        // Its log goes into it where it can still be read; a log left beside another database would spoil that.
        if let former = try? SQLiteConnection(path: database) {
            try? former.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        for part in ["-wal", "-shm", ""] where Files.exists(database + part) {
            try Files.rename(database + part, to: database + suffix + part)
        }
        return database + suffix
    }
}
