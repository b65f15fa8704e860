internal import CSQLite

extension SQLiteConnection {
    /// Runs one or several statements without values, such as a schema.
    public func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw lastError(code, sql: sql) }
    }

    /// Runs one statement to its end; answers how many rows it inserted, changed or deleted.
    @discardableResult
    public func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        try run(sql, values: values)
    }

    @discardableResult
    public func run(_ sql: String, values: [SQLiteValue]) throws(SQLiteError) -> Int {
        let statement = try statement(sql)
        defer { statement.reset() }
        try bind(values, to: statement, sql: sql)
        let before = sqlite3_total_changes64(handle)
        while try step(statement, sql: sql) {}
        // sqlite3_changes keeps the figure of an earlier statement when this one changed nothing.
        return sqlite3_total_changes64(handle) == before ? 0 : Int(sqlite3_changes64(handle))
    }

    /// Reads every row of a query with the closure.
    public func rows<T>(
        _ sql: String, _ values: SQLiteValue..., read: (borrowing SQLiteRow) throws -> T
    ) throws -> [T] {
        try rows(sql, values: values, read: read)
    }

    public func rows<T>(
        _ sql: String, values: [SQLiteValue], read: (borrowing SQLiteRow) throws -> T
    ) throws -> [T] {
        var found: [T] = []
        try forEach(sql, values: values) { row in found.append(try read(row)) }
        return found
    }

    /// Reads the first row of a query, nil when there is none.
    public func first<T>(
        _ sql: String, _ values: SQLiteValue..., read: (borrowing SQLiteRow) throws -> T
    ) throws -> T? {
        try first(sql, values: values, read: read)
    }

    public func first<T>(
        _ sql: String, values: [SQLiteValue], read: (borrowing SQLiteRow) throws -> T
    ) throws -> T? {
        let statement = try statement(sql)
        defer { statement.reset() }
        try bind(values, to: statement, sql: sql)
        guard try step(statement, sql: sql) else { return nil }
        return try read(SQLiteRow(statement: statement.handle))
    }

    /// Hands every row of a query to the closure, one at a time and without keeping them.
    public func forEach(
        _ sql: String, values: [SQLiteValue] = [], _ body: (borrowing SQLiteRow) throws -> Void
    ) throws {
        let statement = try statement(sql)
        defer { statement.reset() }
        try bind(values, to: statement, sql: sql)
        while try step(statement, sql: sql) {
            try body(SQLiteRow(statement: statement.handle))
        }
    }

    /// Runs the closure in one `BEGIN IMMEDIATE … COMMIT`. When the closure or the commit fails
    /// (a full disk shows itself there too) all is rolled back and the error thrown on.
    ///
    /// A transaction inside a transaction is a bug of the caller and stops the program.
    public func transaction<T>(_ body: () throws -> T) throws -> T {
        precondition(!isInTransaction, "a transaction inside a transaction")
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // SQLite has already rolled back by itself after some errors.
            if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// The row id of this connection's latest insert.
    public var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// The schema's version number, kept in the file's head; 0 in a new file.
    public var userVersion: Int {
        get throws(SQLiteError) {
            let statement = try statement("PRAGMA user_version")
            defer { statement.reset() }
            _ = try step(statement, sql: "PRAGMA user_version")
            return Int(sqlite3_column_int64(statement.handle, 0))
        }
    }

    /// Part of the transaction it is set in, so a migration and its number are kept together.
    public func setUserVersion(_ version: Int) throws(SQLiteError) {
        try execute("PRAGMA user_version = \(Int32(version))")
    }

    /// Moves the write-ahead log into the file and empties the log.
    ///
    /// Throws a busy error when a reader kept it from finishing; nothing is lost then.
    public func checkpoint() throws(SQLiteError) {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        if code != SQLITE_OK { throw lastError(code, sql: nil) }
    }

    private func bind(
        _ values: [SQLiteValue], to statement: SQLiteStatement, sql: String
    ) throws(SQLiteError) {
        let code = statement.bind(values)
        if code != SQLITE_OK { throw lastError(code, sql: sql) }
    }

    /// Whether there is a row to read.
    private func step(_ statement: SQLiteStatement, sql: String) throws(SQLiteError) -> Bool {
        switch sqlite3_step(statement.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw lastError(code, sql: sql)
        }
    }
}
