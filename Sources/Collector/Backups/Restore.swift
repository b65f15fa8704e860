import CollectorEvidence
import CollectorLocks
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Glibc
import Platform
import Wire

/// Replaces the database by a backup. The backup is checked first; the present database is set aside and never deleted.
/// The restored collector begins a new generation of versions and asks its agents for what they hold (`TakeBack`).
package struct Restore {
    package let state: String
    package let now: Timestamp
    /// Opens a sealed backup.
    package var opener: SealedFile.Opener?
    /// Why the backup is taken although its totals or its audit log do not agree with what was signed.
    package var accepted: String?
    /// How long evidence was kept, and so can be checked; nil takes what the configuration in the backup says.
    package var retention: RetentionSettings?

    package init(
        state: String, now: Timestamp, opener: SealedFile.Opener? = nil, accepted: String? = nil,
        retention: RetentionSettings? = nil
    ) {
        self.state = state
        self.now = now
        self.opener = opener
        self.accepted = accepted
        self.retention = retention
    }

    package struct Outcome {
        package let madeAt: Timestamp
        package let generation: Int64
        /// Where the former database is now; nil if there was none.
        package let aside: String?
        package let files: [String]
        package let locks: Int
        package let auditEntries: Int64
        package let sha256: String
        package let check: RestoreCheck.Result

        package init(
            madeAt: Timestamp, generation: Int64, aside: String?, files: [String], locks: Int,
            auditEntries: Int64, sha256: String, check: RestoreCheck.Result
        ) {
            self.madeAt = madeAt
            self.generation = generation
            self.aside = aside
            self.files = files
            self.locks = locks
            self.auditEntries = auditEntries
            self.sha256 = sha256
            self.check = check
        }
    }

    /// The database file, and the files that SQLite keeps beside it.
    private static let parts = ["", "-wal", "-shm", "-journal"]

    private var database: String { "\(state)/collector.db" }
    private var partial: String { "\(state)/collector.db.restoring" }

    package func run(_ path: String, by who: String) throws -> Outcome {
        try Self.checkIsFile(path)
        try Files.makeFolder(state)
        // Held to the end: `serve` takes this lock before it opens a database, and would otherwise use the one set
        // aside.
        let lock = try FileLock("\(state)/lock")
        defer { withExtendedLifetime(lock) {} }
        removePartial()
        Backup.removeLeft(state)
        let sha256: String
        let content: Content
        let prepared: Prepared
        do {
            sha256 = Digest.hex(try unsealed(path))
            content = try opened(path)
            let keys = try checkFiles(content.files, path)
            do { prepared = try prepare(path, content, keys, sha256, who) } catch {
                throw named(error, path)
            }
        } catch {
            removePartial()
            throw error
        }
        // From here on only the disk can fail. Until the last file has its name, this can be run again.
        let aside = try setAside()
        try Files.rename(partial, to: database)
        Files.syncFolder(of: database)
        var written: [String] = []
        for (name, content) in content.files
        where Backup.files.contains(name) && !Files.exists("\(state)/\(name)") {
            let isPublic = ["keys.jws", "ca.pem", "server.pem", "collector.json5"].contains(name)
            try Files.writeAtomically("\(state)/\(name)", content, mode: isPublic ? 0o644 : 0o600)
            written.append(name)
        }
        try Files.makeFolder("\(state)/run", mode: 0o755)
        return Outcome(
            madeAt: content.madeAt, generation: prepared.generation, aside: aside, files: written,
            locks: prepared.locks, auditEntries: prepared.entries, sha256: sha256,
            check: prepared.check)
    }

    /// What a backup says of itself, with its state files.
    package struct Content {
        package let madeAt: Timestamp
        package let files: [(String, [UInt8])]
        /// The schema version as it was written, before migrations.
        package let version: Int64

        package func file(_ name: String) -> [UInt8]? { files.first { $0.0 == name }?.1 }
    }

    private struct Prepared {
        let generation: Int64
        let locks: Int
        let entries: Int64
        let check: RestoreCheck.Result
    }

    /// Puts the unsealed database where it is checked: in the state folder, which holds the same data. Returns the
    /// SHA-256 of the given file.
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

    /// Reads what the copy says of itself, and its state files. Triggers, foreign objects, damage and impossible
    /// numbers are found before we write anything into the copy.
    private func opened(_ path: String) throws -> Content {
        do {
            let db = try SQLiteConnection(path: partial)
            db.limitValues(to: Self.valueBytesMax)
            let acting = try db.actingObjects()
            guard acting.isEmpty else { throw Self.foreign(path, acting) }
            try Backup.check(db, path)
            guard let at = try db.first("SELECT at_ms FROM backup_note", read: { $0.integer(0) })
            else {
                throw Self.foreign(
                    path, "it does not say when it was made", vi: "không ghi lúc sao lưu")
            }
            let version = try Self.checkSchema(db, path)
            try Self.checkNumbers(db, path, at: now)
            try Self.checkLengths(db, path)
            try Self.checkTexts(db, path)
            let files = try db.rows("SELECT name, content FROM state_file") {
                ($0.text(0), $0.blob(1))
            }
            try db.transaction {
                try db.execute("DROP TABLE state_file; DROP TABLE backup_note;")
            }
            return Content(
                madeAt: Timestamp(milliseconds: at), files: files, version: version)
        } catch { throw named(error, path) }
    }

    /// Rewords an error of SQLite about the copy, so that it names the given backup.
    private func named(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? SQLiteError, !error.isDiskTrouble else { return error }
        return Self.foreign(path, error.message, vi: error.message)
    }

    private func prepare(
        _ path: String, _ content: Content, _ keys: Ed25519PublicKey, _ sha256: String,
        _ who: String
    ) throws -> Prepared {
        let present = (try? presentGeneration()) ?? 0
        let store = try SQLiteStore(path: partial)
        try Self.checkShape(partial, path)
        let check = try RestoreCheck(
            store: store, content: content, key: keys, retention: retention, now: now
        ).run()
        try judge(check, path)
        let result = try store.write { records in
            // Later than anything that was ever signed, even by a restore of which nothing is left.
            let generation = max(
                try records.generation().adding(1), present.adding(1), now.milliseconds / 1000)
            let entries = try records.auditHead()?.number ?? 0
            let locks = try records.locks(state: .active).count
            try records.audit(
                who, "restore", "generation \(generation)",
                "\(path), sha256 \(sha256), made \(content.madeAt.rfc3339Seconds); \(check.figures), \(locks) locks in force; entries after \(entries) were lost with the former database"
                    + (check.problems.isEmpty
                        ? ""
                        : "; \(check.problems.count) things do not agree, accepted: \(accepted ?? "")"),
                at: now)
            _ = try records.beginGeneration(generation)
            try records.skipLockNumbers(1000)
            return Prepared(generation: generation, locks: locks, entries: entries, check: check)
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
        // If it can still be read, its log is written into it; a log left beside another database would damage that
        // one.
        if let former = try? SQLiteConnection(path: database) {
            try? former.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        for part in Self.parts.reversed() where Files.exists(database + part) {
            try Files.rename(database + part, to: database + suffix + part)
        }
        return database + suffix
    }

    /// Finds a suffix that nothing was set aside under yet. Otherwise, of two restores in one second, the second would
    /// destroy what the first kept.
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
