extension Schema {
    /// Registered systems that have no agent, and since when.
    package static let silence = """
        CREATE TABLE IF NOT EXISTS unserved (
            system TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """
}
