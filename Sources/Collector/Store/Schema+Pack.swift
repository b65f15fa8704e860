extension Schema {
    /// What evidence packs need later: what each lock was decided by, and which policies were in force when.
    package static let pack = """
        CREATE TABLE IF NOT EXISTS lock_context (
            lock TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS audit_action ON audit (action, number);
        CREATE TABLE IF NOT EXISTS policy_version (
            system TEXT NOT NULL, generation INTEGER NOT NULL, counter INTEGER NOT NULL, issued_at INTEGER NOT NULL,
            digest TEXT NOT NULL, PRIMARY KEY (system, generation, counter)) STRICT, WITHOUT ROWID;
        """
}
