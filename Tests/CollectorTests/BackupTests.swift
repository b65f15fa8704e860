import Domain
import Glibc
import Platform
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Backup and restore") struct BackupTests {
    static let now = Timestamp("2026-11-24T09:00:00+07:00")!

    /// A collector's state folder and a place for backups.
    final class Place {
        let root = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        var state: String { "\(root)/state" }
        var file: String { "\(root)/b.backup" }

        init() throws {
            try Files.makeFolder(root)
            try Initialise(state: state, listen: .tcp(host: "127.0.0.1", port: 1)).run()
        }

        deinit { Self.removeAll(root) }

        private static func removeAll(_ path: String) {
            for name in Files.list(path) where unlink("\(path)/\(name)") != 0 {
                removeAll("\(path)/\(name)")
            }
            rmdir(path)
        }

        func backup(_ lock: SealedFile.Lock? = nil) throws {
            try Backup(state: state).write(to: file, sealed: lock, at: BackupTests.now)
        }

        @discardableResult
        func restore(_ path: String? = nil, into folder: String? = nil) throws -> Restore.Outcome {
            try Restore(state: folder ?? state, now: BackupTests.now).run(
                path ?? file, by: "test")
        }

        /// The backup, changed by some SQL.
        func spoilt(_ name: String, _ sql: String) throws -> String {
            let path = "\(root)/\(name)"
            try Files.copy(file, to: path)
            let db = try SQLiteConnection(path: path)
            try db.execute("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; \(sql)")
            return path
        }

        func databases() -> [String] {
            Files.list(state).filter { $0.hasPrefix("collector.db") }
        }
    }

    private func failure(_ body: () throws -> Void) throws -> CommandFailure {
        try #require(throws: CommandFailure.self, performing: body)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("a restore in the same second keeps what the one before set aside") func sameSecond()
        throws
    {
        let place = try Place()
        try place.backup()
        var asides: [String] = []
        for number in 0..<3 {
            let store = try SQLiteStore(path: "\(place.state)/collector.db")
            try store.write { try $0.audit("test", "mark", "\(number)", "", at: Self.now) }
            try store.finish()
            try Files.writeAtomically("\(place.state)/audit-head.jws", "head \(number)")
            asides.append(try #require(try place.restore().aside))
        }
        #expect(Set(asides).count == 3)
        for (number, aside) in asides.enumerated() {
            let marks = try SQLiteConnection(path: aside).rows(
                "SELECT subject FROM audit WHERE action = 'mark'"
            ) { $0.text(0) }
            #expect(marks == ["\(number)"])
            let head = aside.replacing("collector.db", with: "audit-head.jws")
            #expect(try Files.readText(head) == "head \(number)")
        }
    }

    @Test(
        "a backup that this program cannot use is named as it was given, and nothing is touched",
        arguments: [
            ("newer", "PRAGMA user_version = 99", "newer program"),
            ("older", "PRAGMA user_version = 1", "use another backup"),
            ("none", "PRAGMA user_version = 0", "use another backup"),
            ("summary", "DROP TABLE summary", "no table summary"),
            ("usage", "DROP TABLE usage_hour; DROP TABLE lock", "no table lock, usage_hour"),
            ("note", "DROP TABLE backup_note", "no backup of a collector"),
            ("files", "DROP TABLE state_file", "no backup of a collector"),
            ("keys", "UPDATE state_file SET content = x'00' WHERE name = 'keys.jws'", "keys.jws"),
            ("nokeys", "DELETE FROM state_file WHERE name = 'keys.jws'", "keys.jws"),
            ("sign", "UPDATE state_file SET content = x'00' WHERE name = 'sign.key'", "sign.key"),
            (
                "columns", "ALTER TABLE lock RENAME COLUMN state TO other",
                "no backup of a collector"
            ),
        ])
    func refused(_ name: String, _ sql: String, _ why: String) throws {
        let place = try Place()
        try place.backup()
        let path = try place.spoilt(name, sql)
        let (before, written) = (place.databases(), Files.writtenAt("\(place.state)/collector.db"))
        for folder in [place.state, "\(place.root)/empty"] {
            let told = try failure { try place.restore(path, into: folder) }
            #expect(told.code == .badInput)
            for text in [told.description, told.vietnamese] {
                #expect(text.contains(path) && !text.contains("restoring"), "\(text)")
                #expect(!text.contains("init"), "\(text)")
            }
            #expect(told.description.contains(why), "\(told)")
        }
        // A look at its generation may leave an empty log beside it.
        #expect(
            place.databases().filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") } == before)
        #expect(Files.writtenAt("\(place.state)/collector.db") == written)
        #expect(!Files.list("\(place.root)/empty").contains { $0.hasPrefix("collector.db") })
    }

    @Test("a folder is no backup, and a damaged key list of the state folder is named")
    func wrongPlaces()
        throws
    {
        let place = try Place()
        try place.backup()
        let folder = try failure { try place.restore(place.root) }
        #expect(folder.code == .badInput && folder.description.contains("is a folder"))
        try Files.writeAtomically("\(place.state)/keys.jws", "x")
        let keys = try failure { try place.restore() }
        #expect(keys.code == .badConfig && keys.description.contains("\(place.state)/keys.jws"))
    }

    /// Sees the partial file when the copy begins, and lets the copy fail.
    private final class Copying: StorageFaults {
        let partial: String
        let errno: Int32
        let seen = Mutex<mode_t?>(nil)

        init(_ partial: String, errno: Int32 = 0) {
            self.partial = partial
            self.errno = errno
        }

        func refusal(of step: StorageStep, _ path: String) -> Int32 {
            guard case .statement(let sql) = step, sql.hasPrefix("VACUUM") else { return 0 }
            var status = stat()
            let isThere = stat(partial, &status) == 0
            seen.withLock { $0 = isThere ? status.st_mode & 0o777 : nil }
            return errno
        }
    }

    @Test("nobody else may read a backup, not even while it is written") func mode() throws {
        let place = try Place()
        let copying = Copying("\(place.file).partial")
        try StorageSeam.withFaults(copying) { try place.backup() }
        #expect(copying.seen.withLock { $0 } == 0o600)
        #expect(mode(place.file) == 0o600)
    }

    @Test("what SQLite keeps beside a copy has its mode") func journalMode() throws {
        let place = try Place()
        let path = "\(place.root)/copy"
        try Files.writeNew(path, [])
        try SQLiteConnection(path: "\(place.state)/collector.db").run("VACUUM INTO ?", .text(path))
        let copy = try SQLiteConnection(path: path)
        try copy.execute("PRAGMA journal_mode = DELETE")
        try copy.transaction {
            try copy.execute("CREATE TABLE another (n INTEGER)")
            #expect(mode("\(path)-journal") == 0o600)
        }
    }

    @Test("a copy that failed leaves nothing, and blames the target only where it is full")
    func failed() throws {
        let place = try Place()
        let partial = "\(place.file).partial"
        func begun() throws {
            try Files.writeAtomically(partial, "left by a killed process")
            try Files.writeAtomically("\(partial)-journal", "so was this")
        }
        try begun()
        let both = try failure {
            try StorageSeam.withFaults(Copying(partial, errno: EIO)) { try place.backup() }
        }
        for text in [both.description, both.vietnamese] {
            #expect(text.contains("\(place.state)/collector.db") && text.contains(place.file))
        }
        #expect(Files.list(place.root) == ["state"])
        try begun()
        let full = try #require(throws: FileError.self) {
            try StorageSeam.withFaults(Copying(partial, errno: ENOSPC)) { try place.backup() }
        }
        #expect(full.path == place.file)
        #expect(Files.list(place.root) == ["state"])
        try begun()
        try place.backup()
        #expect(Files.list(place.root) == ["b.backup", "state"])
    }
}
