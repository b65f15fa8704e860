extension Schema {
    /// Summaries of before have no digest of their content: what they count is not known again under another number.
    static let contentStep = "ALTER TABLE summary ADD COLUMN content BLOB;"

    /// What each agent has sent of late, by the time its summaries cover, and which lock sets it told last;
    /// `told_ms`: where the last summary ends that was counted; `token_ms`: what its last token
    /// said that was taken.
    package static let senders = """
        CREATE TABLE IF NOT EXISTS sender (
            agent TEXT PRIMARY KEY, reached_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL,
            alerts INTEGER NOT NULL, queries INTEGER NOT NULL, nation TEXT, nation_ms INTEGER, system TEXT,
            system_ms INTEGER, told_ms INTEGER, token_ms INTEGER) STRICT, WITHOUT ROWID;
        """
}
