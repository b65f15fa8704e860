extension SQLiteConnection {
    /// Triggers, views and virtual tables, which act by themselves or stand for something else; no database of ours has
    /// any. One line each, `trigger NAME` with the name as its author wrote it; at most 100. It reads only the schema.
    public func actingObjects() throws -> [String] {
        try rows(
            """
            SELECT CASE WHEN type = 'table' THEN 'virtual table' ELSE type END, name FROM sqlite_schema
            WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
            OR (type = 'table' AND COALESCE(rootpage, 0) = 0) ORDER BY 1, 2 LIMIT 100
            """
        ) { "\($0.text(0)) \($0.text(1))" }
    }

    /// From here on SQLite refuses a larger value (SQLITE_TOOBIG) instead of filling memory with it.
    public func limitValues(to bytes: Int32) { setLimit(bytes) }
}
