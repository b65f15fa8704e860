import CSQLite
import Glibc

/// One connection to one database file. Not thread-safe: one thread at a time (see `Database`).
///
/// Files are created 0600, in WAL mode with full sync: a committed transaction survives power loss.
public final class SQLiteConnection {
    public enum Mode: Sendable { case readWrite, readOnly }

    public let path: String
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// The statement used last: the rows of a summary run the same one again and again.
    private var latest: (sql: String, statement: OpaquePointer)?
    private static let statementsMax = 256
    private static let isPrepared = chot_sqlite3_prepare() == SQLITE_OK

    /// `busyTimeout` is how many milliseconds to wait for another process's lock.
    public init(path: String, mode: Mode = .readWrite, busyTimeout: Int32 = 5000)
        throws(SQLiteError)
    {
        _ = Self.isPrepared
        try Self.checkPlace(path)
        var opened: OpaquePointer?
        let flags =
            mode == .readWrite
            ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        if mode == .readWrite, path != ":memory:" {
            // SQLite would create the file by the umask; it should be private from its first moment. This is done
            // only for a new file: closing any descriptor of a file takes all this process's locks on it away, also
            // those of other connections.
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if descriptor >= 0 { close(descriptor) }
        }
        let result = sqlite3_open_v2(
            path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard result == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "cannot open"
            sqlite3_close_v2(opened)
            throw SQLiteError(code: result, message: message, sql: nil, path: path)
        }
        self.path = path
        handle = opened
        sqlite3_busy_timeout(handle, busyTimeout)
        // A file into which somebody else wrote must run nothing here: no trigger, no view, no function in its schema.
        let hardened = chot_sqlite3_harden(handle)
        guard hardened == SQLITE_OK else { throw error(hardened, "") }
        if mode == .readWrite {
            try execute(
                """
                PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192;
                """)
        } else {
            try execute("PRAGMA query_only = ON; PRAGMA cell_size_check = ON;")
        }
    }

    /// Refuses a pipe, device or folder in the place of a database or of a file that SQLite keeps beside it.
    private static func checkPlace(_ path: String) throws(SQLiteError) {
        guard path != ":memory:" else { return }
        do throws(FileError) {
            try Files.checkFolder(Files.folder(of: path), .use)
            for file in ["", "-wal", "-shm", "-journal"].map({ path + $0 }) {
                if let kind = FileKind.of(file), kind != .file {
                    throw kind.noFile(file, .open)
                }
            }
        } catch {
            throw SQLiteError(
                code: SQLITE_CANTOPEN, message: error.description, sql: nil, path: path,
                place: error)
        }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    func setLimit(_ bytes: Int32) { sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, bytes) }

    /// Frees the cached pages of the file that are not in use.
    public func releaseMemory() { sqlite3_db_release_memory(handle) }

    /// Runs several statements whose results do not matter.
    public func execute(_ sql: String) throws(SQLiteError) {
        try checkSeam(sql)
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result, sql) }
    }

    /// Runs one statement and returns how many rows it changed.
    @discardableResult
    public func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        try run(sql, values: values)
    }

    @discardableResult
    public func run(_ sql: String, values: [SQLiteValue]) throws(SQLiteError) -> Int {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return Int(sqlite3_changes(handle))
            case let code: throw error(code, sql)
            }
        }
    }

    /// All rows, each read by `read`.
    public func rows<T>(_ sql: String, _ values: SQLiteValue..., read: (SQLiteRow) throws -> T)
        throws
        -> [T]
    {
        try rows(sql, values: values, read: read)
    }

    public func rows<T>(_ sql: String, values: [SQLiteValue], read: (SQLiteRow) throws -> T) throws
        -> [T]
    {
        var all: [T] = []
        try forEach(sql, values: values) { all.append(try read($0)) }
        return all
    }

    public func first<T>(_ sql: String, _ values: SQLiteValue..., read: (SQLiteRow) throws -> T)
        throws
        -> T?
    {
        try first(sql, values: values, read: read)
    }

    /// The first row, or nil.
    public func first<T>(_ sql: String, values: [SQLiteValue], read: (SQLiteRow) throws -> T) throws
        -> T?
    {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return try read(SQLiteRow(statement: statement))
        case SQLITE_DONE: return nil
        case let code: throw error(code, sql)
        }
    }

    /// Calls `body` for each row, one in memory at a time. A row is valid only inside its call; a throw ends the walk.
    public func forEach(_ sql: String, values: [SQLiteValue], _ body: (SQLiteRow) throws -> Void)
        throws
    {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(SQLiteRow(statement: statement))
            case SQLITE_DONE: return
            case let code: throw error(code, sql)
            }
        }
    }

    /// Does everything in `body` or nothing. Transactions do not nest.
    public func transaction<T>(_ body: () throws -> T) throws -> T {
        try run("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            // After a full disk SQLite may have rolled back already; then there is nothing to do.
            if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Lets `body` read one state of the database throughout. Snapshots do not nest.
    public func snapshot<T>(_ body: () throws -> T) throws -> T {
        try run("BEGIN")
        // A snapshot changes nothing, so rolling back is safe; a connection left in it would be unusable.
        defer { try? execute("ROLLBACK") }
        return try body()
    }

    /// A part of a transaction that may fail alone: it is rolled back to its start, and the rest continues.
    public func savepoint<T>(_ body: () throws -> T) throws -> T {
        try run("SAVEPOINT part")
        do {
            let value = try body()
            try run("RELEASE part")
            return value
        } catch {
            if sqlite3_get_autocommit(handle) == 0 {
                try? execute("ROLLBACK TO part; RELEASE part")
            }
            throw error
        }
    }

    /// How many rows were inserted, updated or deleted since the connection was opened.
    public var changesTotal: Int64 { sqlite3_total_changes64(handle) }

    public var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    private func prepared(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError)
        -> OpaquePointer
    {
        try checkSeam(sql)
        let statement = try cached(sql)
        sqlite3_clear_bindings(statement)
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let result =
                switch value {
                case .null: sqlite3_bind_null(statement, index)
                case .integer(let integer): sqlite3_bind_int64(statement, index, integer)
                case .text(let text):
                    chot_sqlite3_bind_text(statement, index, text, Int32(text.utf8.count))
                case .blob(let bytes):
                    bytes.withUnsafeBytes {
                        chot_sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count))
                    }
                }
            guard result == SQLITE_OK else { throw error(result, sql) }
        }
        return statement
    }

    private func cached(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let latest, latest.sql == sql { return latest.statement }
        let known = statements[sql]
        let statement = if let known { known } else { try prepare(sql) }
        latest = (sql, statement)
        return statement
    }

    private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if statements.count >= Self.statementsMax {
            // A statement that is still stepping belongs to a caller further up.
            latest = nil
            statements = statements.filter { _, statement in
                if sqlite3_stmt_busy(statement) != 0 { return true }
                sqlite3_finalize(statement)
                return false
            }
        }
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard result == SQLITE_OK, let statement else { throw error(result, sql) }
        statements[sql] = statement
        return statement
    }

    /// Asks the seam about a statement. A rollback is never refused: what could not be written need not be taken back.
    private func checkSeam(_ sql: String) throws(SQLiteError) {
        let failure = StorageSeam.refusal(of: .statement(sql), path)
        guard failure != 0, !sql.hasPrefix("ROLLBACK") else { return }
        throw SQLiteError(
            code: failure == ENOSPC ? SQLITE_FULL : SQLITE_IOERR,
            message: textOfError(failure), sql: sql, path: path)
    }

    private func error(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(
            code: code, message: String(cString: sqlite3_errmsg(handle)), sql: sql, path: path)
    }
}

/// The current row of a running statement; valid only inside the closure that got it.
public struct SQLiteRow {
    let statement: OpaquePointer

    public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    public func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }
    public func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(statement, column) == SQLITE_NULL
    }
    public func integerOrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    public func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
    public func textOrNil(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
    public func blob(_ column: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(statement, column))
        guard count > 0, let base = sqlite3_column_blob(statement, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }
}
