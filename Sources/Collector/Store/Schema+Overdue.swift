extension Schema {
    /// Breaches that a transaction had no room for (`LocksTogether.actsMax`), in the order in which they are judged,
    /// each with the summary that told it and the highest breach that an agent reported.
    package static let overdue = """
        CREATE TABLE IF NOT EXISTS overdue (
            number INTEGER PRIMARY KEY, system TEXT NOT NULL, date INTEGER NOT NULL, rule TEXT NOT NULL,
            subject TEXT NOT NULL, reported INTEGER NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL,
            seq INTEGER NOT NULL, UNIQUE (system, date, rule, subject)) STRICT;
        """
}
