extension Schema {
    /// Running sums, so that a summary reads and writes only what it changes.
    ///
    /// `denial_name`: the refusals of a day (from the opening of the office), by the name that was refused.
    /// `denial_sum`: the same over all names, with their number and the one that has most. `near_quota`: quotas of a
    /// date that have passed half of their threshold. `counted_name`: unregistered logins (0) and services (1) that are
    /// counted under themselves on a date. `policy_pending`: systems whose policy may have to be signed again, with a
    /// number that only grows. `policy_ground`: a digest of the configuration and keys that the last signed policy was
    /// made from.
    package static let sums = """
        CREATE TABLE IF NOT EXISTS denial_name (
            system TEXT NOT NULL, day INTEGER NOT NULL, reason TEXT NOT NULL, name TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (system, day, reason, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS denial_sum (
            system TEXT NOT NULL, day INTEGER NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
            names INTEGER NOT NULL, most TEXT NOT NULL, most_count INTEGER NOT NULL,
            PRIMARY KEY (system, day, reason)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS near_quota (
            system TEXT NOT NULL, date INTEGER NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL,
            PRIMARY KEY (system, date, rule, subject)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS counted_name (
            system TEXT NOT NULL, date INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (system, date, kind, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS policy_pending (
            system TEXT PRIMARY KEY, number INTEGER NOT NULL, outcome TEXT) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS policy_ground (
            system TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """
}
