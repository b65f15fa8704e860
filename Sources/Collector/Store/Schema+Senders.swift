extension Schema {
    /// Earlier summaries have no digest of their content, so they are not recognised under another number.
    static let contentStep = "ALTER TABLE summary ADD COLUMN content BLOB;"

    /// What each agent has sent of late, measured against the time its summaries cover, and which lock sets it told
    /// last. `told_ms` is the end of the last counted summary; `token_ms` is the time that its last accepted
    /// token claims.
    package static let senders = """
        CREATE TABLE IF NOT EXISTS sender (
            agent TEXT PRIMARY KEY, reached_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL,
            alerts INTEGER NOT NULL, queries INTEGER NOT NULL, nation TEXT, nation_ms INTEGER, system TEXT,
            system_ms INTEGER, told_ms INTEGER, token_ms INTEGER) STRICT, WITHOUT ROWID;
        """
}
