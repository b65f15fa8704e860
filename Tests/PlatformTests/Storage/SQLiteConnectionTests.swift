import Glibc
import Platform
import Testing

@Suite("SQLite connection")
struct SQLiteConnectionTests {
    let folder: TemporaryFolder
    let connection: SQLiteConnection

    init() throws {
        folder = try TemporaryFolder()
        connection = try SQLiteConnection(path: folder.file("a.db"))
        try connection.execute(
            "CREATE TABLE t (k INTEGER PRIMARY KEY, name TEXT UNIQUE, body BLOB)")
    }

    private func count() throws -> Int64? {
        try connection.first("SELECT count(*) FROM t") { $0.integer(0) }
    }

    @Test("values come back as they were stored")
    func roundTrip() throws {
        try connection.run("INSERT INTO t VALUES (?, ?, ?)", 1, "chốt", .blob([0, 255, 7]))
        try connection.run("INSERT INTO t VALUES (?, ?, ?)", .integer(.min), nil, .blob([]))
        let rows = try connection.rows("SELECT k, name, body FROM t ORDER BY k DESC") {
            ($0.integer(0), $0.textOrNil(1), $0.blob(2), $0.isNull(2))
        }
        #expect(rows.count == 2)
        #expect(rows[0] == (1, "chốt", [0, 255, 7], false))
        #expect(rows[1] == (.min, nil, [], false))
    }

    @Test("a text keeps what follows a NUL")
    func textWithNUL() throws {
        try connection.run("INSERT INTO t VALUES (1, ?, NULL)", "a\u{0}b")
        #expect(try connection.first("SELECT name FROM t") { $0.text(0) } == "a\u{0}b")
    }

    @Test("a new file is readable by its owner alone")
    func mode() throws {
        var status = stat()
        #expect(stat(connection.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("a transaction that throws leaves nothing")
    func rollback() throws {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.run("INSERT INTO t VALUES (1, 'a', NULL)")
                throw Stop()
            }
        }
        #expect(try count() == 0)
        try connection.transaction { _ = try connection.run("INSERT INTO t VALUES (1, 'a', NULL)") }
        #expect(try count() == 1)
    }

    @Test("a full disk rolls back, says so, and the next transaction works")
    func fullDisk() throws {
        try connection.execute("PRAGMA max_page_count = 10")
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction {
                let large = [UInt8](repeating: 1, count: 1 << 20)
                try connection.run("INSERT INTO t VALUES (1, 'a', ?)", .blob(large))
            }
        }
        #expect(error?.isDiskTrouble == true)
        #expect(try count() == 0)
        try connection.transaction { _ = try connection.run("INSERT INTO t VALUES (2, 'b', NULL)") }
        #expect(try count() == 1)
    }

    @Test("a broken constraint is told apart")
    func constraint() throws {
        try connection.run("INSERT INTO t VALUES (1, 'a', NULL)")
        let error = #expect(throws: SQLiteError.self) {
            try connection.run("INSERT INTO t VALUES (2, 'a', NULL)")
        }
        #expect(error?.isConstraint == true)
        #expect(error?.isDiskTrouble == false)
    }

    @Test("more statements than the cache holds still answer right")
    func cache() throws {
        for number in 0..<300 {
            #expect(try connection.first("SELECT \(number)") { $0.integer(0) } == Int64(number))
        }
    }

    @Test("a read-only connection changes nothing")
    func readOnly() throws {
        let reader = try SQLiteConnection(path: connection.path, mode: .readOnly)
        #expect(throws: SQLiteError.self) { try reader.run("INSERT INTO t VALUES (1, 'a', NULL)") }
        #expect(try count() == 0)
    }

    @Test("threads share a database one at a time")
    func shared() throws {
        let database = Database(try SQLiteConnection(path: folder.file("b.db")))
        try database.use { try $0.execute("CREATE TABLE n (v INTEGER); INSERT INTO n VALUES (0)") }
        let threads = (0..<4).map { number in
            RunningThread(name: "adder-\(number)") {
                for _ in 0..<25 {
                    _ = try? database.use { try $0.run("UPDATE n SET v = v + 1") }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(try database.use { try $0.first("SELECT v FROM n") { $0.integer(0) } } == 100)
    }
}
