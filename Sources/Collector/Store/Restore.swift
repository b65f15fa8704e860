import Domain
import Glibc
import Platform
import Wire

/// Puts a backup in the place of the database: checked first, the present one set aside and never deleted. The restored
/// collector begins a new generation of versions and asks its agents for what they hold (`TakeBack`).
struct Restore {
    let state: String
    let now: Timestamp
    /// For one that is sealed.
    var opener: SealedFile.Opener?

    struct Outcome {
        let madeAt: Timestamp
        let generation: Int64
        /// Where the former database lies now; nil: there was none.
        let aside: String?
        let files: [String]
        let locks: Int
        let auditEntries: Int64
    }

    /// The file and what SQLite keeps beside it.
    private static let parts = ["", "-wal", "-shm", "-journal"]

    private var database: String { "\(state)/collector.db" }
    private var partial: String { "\(state)/collector.db.restoring" }

    func run(_ path: String, by who: String) throws -> Outcome {
        try Self.checkIsFile(path)
        try Files.makeFolder(state)
        // To the end: `serve` takes it before it opens a database, and would else go on with the one set aside.
        let lock = try FileLock("\(state)/lock")
        defer { withExtendedLifetime(lock) {} }
        removePartial()
        let madeAt: Timestamp
        let files: [(String, [UInt8])]
        let prepared: (generation: Int64, locks: Int, entries: Int64)
        do {
            Backup.removeLeft(state)
            _ = try unsealed(path)
            (madeAt, files) = try opened(path)
            try checkFiles(files, path)
            do { prepared = try prepare(path, who) } catch { throw named(error, path) }
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

    /// Puts the database in clear where it is checked: in the state folder, which holds the same. Returns the SHA-256 of
    /// what was given.
    private func unsealed(_ path: String) throws -> [UInt8] {
        guard try SealedFile.isSealed(path) else { return try Files.copy(path, to: partial) }
        guard let opener else { throw Self.closed(path) }
        do {
            return try SealedFile.open(path, to: partial, with: opener)
        } catch let error as SealedFileError {
            throw Self.failure(error, path)
        }
    }

    private func removePartial() {
        for part in Self.parts { Files.remove(partial + part) }
    }

    /// What the copy says of itself, and the state files in it.
    private func opened(_ path: String) throws -> (Timestamp, [(String, [UInt8])]) {
        do {
            let db = try SQLiteConnection(path: partial)
            try Backup.check(db, path)
            guard let at = try db.first("SELECT at_ms FROM backup_note", read: { $0.integer(0) })
            else {
                throw Self.foreign(
                    path, "it does not say when it was made", vi: "không ghi lúc sao lưu")
            }
            try Self.checkSchema(db, path)
            let files = try db.rows("SELECT name, content FROM state_file") {
                ($0.text(0), $0.blob(1))
            }.filter { Backup.files.contains($0.0) }
            try db.transaction {
                try db.execute("DROP TABLE state_file; DROP TABLE backup_note;")
            }
            return (Timestamp(milliseconds: at), files)
        } catch { throw named(error, path) }
    }

    /// What SQLite finds wrong with the copy is wrong with the backup that was given.
    private func named(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? SQLiteError, !error.isDiskTrouble else { return error }
        return Self.foreign(path, error.message, vi: error.message)
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
        let suffix = freeSuffix()
        if Files.exists("\(state)/audit-head.jws") {
            try Files.rename("\(state)/audit-head.jws", to: "\(state)/audit-head.jws" + suffix)
        }
        guard Files.exists(database) else { return nil }
        // Its log goes into it where it can still be read; a log left beside another database would spoil that.
        if let former = try? SQLiteConnection(path: database) {
            try? former.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        for part in Self.parts.reversed() where Files.exists(database + part) {
            try Files.rename(database + part, to: database + suffix + part)
        }
        return database + suffix
    }

    /// Nothing is set aside under it yet: of two restores in one second, the later would destroy what the first kept.
    private func freeSuffix() -> String {
        var number = now.milliseconds / 1000
        while true {
            let suffix = ".before-\(number)"
            let names =
                ["\(state)/audit-head.jws" + suffix] + Self.parts.map { database + suffix + $0 }
            if !names.contains(where: Files.exists) { return suffix }
            number += 1
        }
    }
}
