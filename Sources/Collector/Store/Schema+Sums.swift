extension Schema {
    /// Running sums, so that what a summary changes is all that is written and read for it. `denial_name`: refusals of a
    /// day (from the opening of the office) by whom or what they name; `denial_sum`: over all names, with how many they are
    /// and the one that has most. `near_quota`: quotas of a date that passed half of their threshold. `counted_name`: logins (0)
    /// and services (1) that nobody registered and that are counted under themselves on a date. `policy_pending`:
    /// systems whose policy is to be looked at again, since when (a number that only grows); `policy_ground`: of what
    /// configuration and keys the policy that was signed last was made.
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
