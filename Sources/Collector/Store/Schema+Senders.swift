extension Schema {
    /// What each agent has sent of late, by the time its summaries cover, and which lock sets it told last.
    static let senders = """
        CREATE TABLE IF NOT EXISTS sender (
            agent TEXT PRIMARY KEY, reached_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL,
            alerts INTEGER NOT NULL, queries INTEGER NOT NULL, nation TEXT, nation_ms INTEGER, system TEXT,
            system_ms INTEGER) STRICT, WITHOUT ROWID;
        """
}
