extension Schema {
    /// Since when registered systems are without an agent.
    package static let silence = """
        CREATE TABLE IF NOT EXISTS unserved (
            system TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """
}
