import Domain
import Glibc
import Platform
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("What restore believes") struct RestoreCheckTests {
    typealias Place = BackupTests.Place

    private func refusal(_ place: Place, _ path: String) throws -> CommandFailure {
        let written = Files.writtenAt("\(place.state)/collector.db")
        let told = try #require(throws: CommandFailure.self) { try place.restore(path) }
        #expect(told.code == .badInput && Files.writtenAt("\(place.state)/collector.db") == written)
        #expect(!place.databases().contains { $0.contains("restoring") || $0.contains("before") })
        for text in [told.description, told.vietnamese] { #expect(text.contains(path), "\(text)") }
        return told
    }

    @Test(
        "what no collector makes is refused by its name",
        arguments: [
            (
                "CREATE TRIGGER spy AFTER INSERT ON audit BEGIN DELETE FROM lock; END",
                "trigger spy"
            ),
            ("CREATE VIEW other AS SELECT * FROM registered_account", "view other"),
            ("CREATE VIRTUAL TABLE words USING fts5(text)", "virtual table words"),
            ("CREATE TABLE mine (n INTEGER)", "table mine"),
            ("CREATE INDEX quick ON registered_account (phone)", "index quick"),
            ("DROP INDEX lock_breach; CREATE INDEX lock_breach ON lock (reason)", "lock_breach"),
            ("ALTER TABLE lock ADD COLUMN more TEXT", "table lock"),
            ("ALTER TABLE lock DROP COLUMN end_note", "table lock"),
            (
                "DROP TABLE waiver; CREATE TABLE waiver (rule TEXT, scope TEXT, key TEXT, next_k INTEGER, until INTEGER)",
                "table waiver"
            ),
        ])
    func foreign(_ sql: String, _ name: String) throws {
        let place = try Place()
        try place.backup()
        let told = try refusal(place, try place.spoilt("spoilt", sql))
        #expect(told.description.contains("no backup of a collector"), "\(told)")
        #expect(told.description.contains(name) && told.vietnamese.contains(name), "\(told)")
    }

    @Test("a collector opens no database with a foreign trigger, and none of it ever runs")
    func door() throws {
        let place = try Place()
        let path = "\(place.state)/collector.db"
        let db = try SQLiteConnection(path: path)
        try db.execute(
            "CREATE TRIGGER spy AFTER INSERT ON secret BEGIN DELETE FROM secret; END")
        try db.run("INSERT INTO secret (name, value) VALUES ('a', x'00')")
        #expect(try db.first("SELECT COUNT(*) FROM secret WHERE name = 'a'") { $0.integer(0) } == 1)
        let told = try #require(throws: CommandFailure.self) { try SQLiteStore(path: path) }
        #expect(told.code == .badConfig && told.description.contains("trigger spy"))
        try db.execute("DROP TRIGGER spy")
        _ = try SQLiteStore(path: path)
    }

    @Test("no column takes a number with which nobody can reckon") func numbers() throws {
        let fresh = try SQLiteConnection(path: ":memory:")
        try fresh.execute(Schema.sql)
        let columns = try fresh.rows(
            """
            SELECT m.name, x.name, x.type FROM sqlite_schema m, pragma_table_xinfo(m.name) x
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, x.cid
            """
        ) { (table: $0.text(0), column: $0.text(1), type: $0.text(2)) }
        var tried = 0
        for (table, group) in Dictionary(grouping: columns, by: \.table) {
            for wrong in group where wrong.type == "INTEGER" || wrong.type == "REAL" {
                for value in ["9223372036854775807", "-9223372036854775808"] {
                    let db = try SQLiteConnection(path: ":memory:")
                    try db.execute("PRAGMA foreign_keys = OFF")
                    try db.execute(Schema.sql)
                    try db.execute("PRAGMA ignore_check_constraints = ON")
                    func content(_ type: String) -> String {
                        switch type {
                        case "INTEGER", "REAL": "1"
                        case "BLOB": "x'00'"
                        default: "'x'"
                        }
                    }
                    let values = group.map {
                        $0.column == wrong.column ? value : content($0.type)
                    }
                    try db.execute(
                        "DELETE FROM \(table); INSERT INTO \(table) VALUES (\(values.joined(separator: ", ")))"
                    )
                    let found = try NumberRanges.problem(in: db, at: .now)
                    #expect(found?.table == table && found?.column == wrong.column)
                    tried += 1
                }
            }
        }
        #expect(tried > 150)
        #expect(try NumberRanges.problem(in: fresh, at: .now) == nil)
    }

    @Test("such a number is refused before anything is touched")
    func number() throws {
        let place = try Place()
        try place.backup()
        let path = try place.spoilt(
            "large",
            "INSERT INTO usage_system_hour VALUES (1, 490000, 1, 0, 9223372036854775807, 0, 0)")
        let told = try refusal(place, path)
        #expect(told.description.contains("usage_system_hour.allowed = 9223372036854775807"))
        let note = try place.spoilt("note", "UPDATE backup_note SET at_ms = 9223372036854775807")
        #expect(try refusal(place, note).description.contains("backup_note.at_ms"))
    }

    @Test(
        "a word that nobody wrote and JSON that cannot be read are refused by table, column and row",
        arguments: [
            (lock(state: "asleep"), "lock.state (L-2026-000009) = asleep"),
            (lock(figures: "{"), "lock.figures (L-2026-000009) = {"),
            (lock(evidence: "{}"), "lock.evidence (L-2026-000009) = {}"),
            (alert(state: "shut"), "alert.state (7) = shut"),
            (alert(figures: "[]"), "alert.figures (7) = []"),
            (
                """
                INSERT INTO unit VALUES ('H26', 'x', 'province', '01');
                INSERT INTO system VALUES ('H26.motcua', 'H26', 'x', '', '', '', 'enforced')
                """, "system.mode (H26.motcua) = enforced"
            ),
        ]) func words(change: String, told: String) throws
    {
        let place = try Place()
        try place.backup()
        let said = try refusal(place, try place.spoilt("words", change))
        #expect(said.description.contains(told))
        #expect(said.vietnamese.contains(told))
    }

    @Test(
        "a text longer than its writer makes one is refused by table and column",
        arguments: [
            ("INSERT INTO state VALUES (hex(zeroblob(10000)), 1)", "state.name", 20_000, 16 << 10),
            (
                "INSERT INTO audit VALUES (1, 1, 'a', 'b', 'c', hex(zeroblob(600000)), '')",
                "audit.reason", 1_200_000, 1 << 20
            ),
            (
                "INSERT INTO unit VALUES ('H26', hex(zeroblob(30000000)), 'province', '01')",
                "unit.name", 60_000_000, 16 << 10
            ),
            ("INSERT INTO secret VALUES ('a', zeroblob(17000))", "secret.value", 17_000, 16 << 10),
        ]) func lengths(change: String, column: String, bytes: Int, most: Int) throws
    {
        let place = try Place()
        try place.backup()
        let said = try refusal(place, try place.spoilt("long", change))
        for text in [said.description, said.vietnamese] {
            #expect(text.contains("\(column) ") && text.contains("\(bytes)"), "\(text)")
            #expect(text.contains("\(most)"), "\(text)")
        }
    }

    @Test("no column takes a text that its writer could not make, or one of another length")
    func everyLength() throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        let columns = try db.rows(
            """
            SELECT m.name, x.name FROM sqlite_schema m, pragma_table_xinfo(m.name) x
            WHERE m.type = 'table' AND x.type IN ('TEXT', 'BLOB')
            """
        ) { (table: $0.text(0), column: $0.text(1)) }
        for (table, column) in columns {
            #expect(
                (16 << 10...24 << 20).contains(TextLengths.bytesMax(table, column)),
                "\(table).\(column)")
        }
        #expect(try TextLengths.problem(in: db) == nil)
        #expect(columns.count > 100)
    }

    @Test(
        "locks of which the log tells, and the book does not, are named",
        arguments: [
            ("DELETE FROM lock WHERE id = 'L-2026-000002'", "are missing", "L-2026-000002"),
            ("DELETE FROM lock", "are missing", "L-2026-000001, L-2026-000002"),
            (
                "UPDATE lock SET state = 'released' WHERE id = 'L-2026-000001'",
                "of whose end the audit log knows nothing", "L-2026-000001"
            ),
        ]) func lostLocks(change: String, why: String, names: String) throws
    {
        let place = try Place()
        let store = try SQLiteStore(path: "\(place.state)/collector.db")
        for number in Int64(1)...3 {
            let lock = LockRecord(
                number: number, id: "L-2026-00000\(number)", scope: Scope("system=H26.mot")!,
                reason: "staff", note: "", basis: "", message: Localized(vi: "", en: ""),
                state: .active, issuedBy: "a", issuedAt: BackupTests.now, expiresAt: nil)
            try store.write { records in
                try records.add(lock)
                try records.audit(
                    "a", number == 2 ? "lock.propose" : "lock.add", "\(lock.id) \(lock.scope)", "",
                    at: BackupTests.now)
            }
            guard number == 3 else { continue }
            try store.write { records in
                try records.end(lock, .released, by: "a", note: "", at: BackupTests.now)
                try records.audit(
                    "a", "lock.release", "\(lock.id) \(lock.scope)", "", at: BackupTests.now)
            }
        }
        try store.finish()
        try place.backup()
        // The third is over, and the log says so.
        let changed = change == "DELETE FROM lock" ? change + " WHERE number < 3" : change
        let said = try refusal(place, try place.spoilt("lost", changed))
        #expect(said.description.contains(why) && said.description.contains(": \(names)\n"))
        #expect(said.vietnamese.contains(names) && said.vietnamese.contains("lệnh khóa"))
        let clean = try place.restore()
        #expect(clean.check.problems.isEmpty, "\(clean.check.problems)")
    }

    /// At the very end of what restore takes, the collector goes on, and what it holds then is taken again.
    @Test("no number that restore takes grows beyond what restore takes")
    func growing() throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let tried = try table.eachColumn("INTEGER") { name, column in
                let range = NumberRanges.range(name, column, at: rig.now)
                let isTime = range.upperBound == NumberRanges.times.upperBound
                return isTime || range.upperBound < 1 << 40 ? nil : .integer(range.upperBound)
            } body: { changed in
                for seconds in [60, 60] {
                    rig.time.pass(Int64(seconds) * 1000)
                    _ = try? rig.push(
                        rig.honest,
                        rig.summary(
                            rig.honest,
                            [rig.row(1, denied: ["R8.account": 4, "R9.account": 2])]))
                }
                for question in table.acting where question.command != "backup" {
                    _ = try? table.run(
                        question.command, question.options, question.arguments,
                        flags: question.flags)
                }
                let found = try rig.server.store.read {
                    try NumberRanges.problem(in: $0.db, at: rig.now)
                }
                #expect(
                    found == nil,
                    "\(changed): \(found.map { "\($0.table).\($0.column) = \($0.value)" } ?? "")")
            }
            #expect(tried > 60)
        }
    }

    private static func lock(
        state: String = "active", figures: String = "{}", evidence: String = "[]"
    ) -> String {
        """
        INSERT INTO lock (number, id, scope, reason, note, basis, vi, en, state, issued_by, issued_at, confidence,
        figures, evidence) VALUES (9, 'L-2026-000009', 'system=H26.motcua', 'staff', '', '', '', '', '\(state)', 'a', 1,
        1, '\(figures)', '\(evidence)')
        """
    }

    private static func alert(state: String = "open", figures: String = "{}") -> String {
        """
        INSERT INTO alert VALUES (7, 'R8', 'account', 'x', 'y', '\(state)', 1, 1, 1, '', '', '\(figures)', '[]')
        """
    }

    /// A backup with three entries in its log, and the head that signs them.
    private func logged() throws -> Place {
        let place = try Place()
        let store = try SQLiteStore(path: "\(place.state)/collector.db")
        for number in 0..<3 {
            try store.write { try $0.audit("a", "mark", "\(number)", "", at: BackupTests.now) }
        }
        let key = try PrivateJWK.load("\(place.state)/sign.key")
        #expect(try store.read { try AuditHead(folder: place.state, key: key).renew($0) })
        try store.finish()
        try place.backup()
        return place
    }

    @Test(
        "totals and an audit log that are not as signed are taken with a reason only",
        arguments: [
            ("UPDATE audit SET who = 'b' WHERE number = 2", "entry 2 was changed"),
            ("DELETE FROM audit WHERE number = 3", "it was signed up to entry 3"),
            (
                "UPDATE state_file SET content = CAST('a.b.c' AS BLOB) WHERE name = 'audit-head.jws'",
                "signature of the log's head"
            ),
            (
                """
                INSERT INTO unit VALUES ('H26', 'x', 'province', '01');
                INSERT INTO system VALUES ('H26.mot', 'H26', 'x', 'x', 'x', 'x', 'observe');
                INSERT INTO usage_system VALUES (1, 'H26.mot'); INSERT INTO usage_service VALUES (1, 'Tra');
                INSERT INTO usage_system_hour VALUES (1, 498815, 1, 0, 7, 0, 0)
                """, "allowed 7"
            ),
        ])
    func mismatch(_ sql: String, _ why: String) throws {
        let place = try logged()
        let path = try place.spoilt("changed", sql)
        let told = try refusal(place, path)
        #expect(told.description.contains(why), "\(told)")
        #expect(told.description.contains("--accept-mismatch"))
        let outcome = try Restore(
            state: place.state, now: BackupTests.now, accepted: "no other is left"
        ).run(path, by: "test")
        #expect(outcome.check.problems.count == 1)
        let reason = try SQLiteConnection(path: "\(place.state)/collector.db").first(
            "SELECT reason FROM audit WHERE action = 'restore'"
        ) { $0.text(0) }
        let digest = Digest.hex(try Files.digest(path))
        #expect(reason?.contains("accepted: no other is left") == true)
        #expect(reason?.contains("sha256 \(digest)") == true && outcome.sha256 == digest)
    }

    @Test("one as it was made is taken as it is, sealed or not") func sound() throws {
        let place = try logged()
        let outcome = try place.restore()
        #expect(outcome.check.problems.isEmpty && outcome.check.notes.isEmpty)
        let key = try X25519PrivateKey.generate()
        unlink(place.file)
        try place.backup(.recipients([key.publicKey]))
        let closed = try #require(throws: CommandFailure.self) { try place.restore() }
        #expect(closed.description.contains("--identity"))
        _ = try Restore(state: place.state, now: BackupTests.now, opener: .identities([key])).run(
            place.file, by: "test")
        #expect(!Files.list(place.state).contains { $0.contains("scratch") })
    }

    @Test("a signing key that its key list does not name is refused") func keys() throws {
        let (place, other) = (try Place(), try Place())
        try place.backup()
        let foreign = Digest.hex(try Files.read("\(other.state)/sign.key"))
        let path = try place.spoilt(
            "keys", "UPDATE state_file SET content = x'\(foreign)' WHERE name = 'sign.key'")
        #expect(try refusal(place, path).description.contains("none of its key list"))
    }

    /// Lets the nth name that is changed fail, as if the process had ended there.
    private final class Renames: StorageFaults {
        private let left: Mutex<Int>
        init(_ number: Int) { left = Mutex(number) }
        func refusal(of step: StorageStep, _ path: String) -> Int32 {
            guard case .rename = step else { return 0 }
            return left.withLock { left in
                left -= 1
                return left < 0 ? EIO : 0
            }
        }
    }

    @Test("broken off between two steps it can be run again", arguments: 0..<3)
    func broken(_ number: Int) throws {
        let place = try logged()
        #expect(throws: (any Error).self) {
            try StorageSeam.withFaults(Renames(number)) { try place.restore() }
        }
        try place.restore()
        let marks = try SQLiteConnection(path: "\(place.state)/collector.db").first(
            "SELECT COUNT(*) FROM audit WHERE action = 'mark'"
        ) { $0.integer(0) }
        #expect(marks == 3)
        let kept = place.databases().filter { $0.contains(".before-") && !$0.hasSuffix("-wal") }
        #expect(!kept.isEmpty)
    }
}
