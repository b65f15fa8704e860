extension SQLiteConnection {
    /// What acts by itself or stands for something else: triggers, views, virtual tables. No database of ours has any. One
    /// line each, `trigger NAME`, the name as somebody else wrote it; at most 100. Reads nothing but the list of what there is.
    public func actingObjects() throws -> [String] {
        try rows(
            """
            SELECT CASE WHEN type = 'table' THEN 'virtual table' ELSE type END, name FROM sqlite_schema
            WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
            OR (type = 'table' AND COALESCE(rootpage, 0) = 0) ORDER BY 1, 2 LIMIT 100
            """
        ) { "\($0.text(0)) \($0.text(1))" }
    }

    /// From here on a value larger than this is refused (SQLITE_TOOBIG), instead of filling memory.
    public func limitValues(to bytes: Int32) { setLimit(bytes) }
}
