extension Schema {
    /// `state` holds numbers of the whole database, such as the generation. `former_set` holds, after a restore, the
    /// newest version of each audience's lock set whose content is known here; agents that hold newer ones are asked
    /// for them.
    package static let state = """
        CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO state (name, value) VALUES ('generation', 1);
        CREATE TABLE IF NOT EXISTS former_set (
            audience TEXT PRIMARY KEY, generation INTEGER NOT NULL, counter INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """
}
