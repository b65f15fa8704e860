/// What is registered. Each row names the registration that brought it (`since`) and the one that ended it (`ended`).
///
/// The rows in force are those of the registration that `state.registration` names. `Registered` selects them; there
/// are no views, so that a view in a database shows that it is not ours. An import writes its rows beside those in
/// force, in short steps. Then that one number changes, and all of them are in force. Rows of a registration beyond
/// that number are staged, or a crash left them; those are cleared at start.
extension Schema {
    package static let registration = """
        CREATE TABLE IF NOT EXISTS registration (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
            who TEXT NOT NULL, staged_at INTEGER NOT NULL, current_at INTEGER, state TEXT NOT NULL,
            rows INTEGER NOT NULL, added INTEGER NOT NULL, changed INTEGER NOT NULL,
            removed INTEGER NOT NULL) STRICT;
        INSERT OR IGNORE INTO state (name, value) VALUES ('registration', 0);
        \(registeredTables)
        CREATE INDEX IF NOT EXISTS registered_account_person ON registered_account (person);
        \(["account", "service", "notice"].map(steps).joined(separator: "\n"))
        """

    /// The rows that a registration brought, and those that it ended.
    private static func steps(_ table: String) -> String {
        """
        CREATE INDEX IF NOT EXISTS registered_\(table)_since ON registered_\(table) (since) WHERE since > 0;
        CREATE INDEX IF NOT EXISTS registered_\(table)_ended ON registered_\(table) (ended) WHERE ended < \(Registered.never);
        """
    }

    private static let span =
        "since INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT \(Registered.never)"

    private static let registeredTables = """
        CREATE TABLE IF NOT EXISTS registered_account (
            system TEXT NOT NULL, login TEXT NOT NULL, full_name TEXT NOT NULL, cccd TEXT NOT NULL,
            officer_code TEXT NOT NULL, phone TEXT NOT NULL, per_day INTEGER NOT NULL, kind TEXT NOT NULL,
            person TEXT, \(span), PRIMARY KEY (system, login, since)) STRICT;
        CREATE TABLE IF NOT EXISTS registered_service (
            system TEXT NOT NULL, service TEXT NOT NULL, office_per_day INTEGER NOT NULL,
            off_per_day INTEGER NOT NULL, purpose TEXT NOT NULL, \(span),
            PRIMARY KEY (system, service, since)) STRICT;
        CREATE TABLE IF NOT EXISTS registered_notice (
            system TEXT NOT NULL, service TEXT NOT NULL, from_date TEXT NOT NULL, to_date TEXT NOT NULL,
            hours TEXT NOT NULL, per_day INTEGER NOT NULL, contact TEXT NOT NULL, status TEXT NOT NULL,
            number TEXT NOT NULL, plan TEXT NOT NULL, \(span),
            PRIMARY KEY (system, service, from_date, hours, since)) STRICT;
        """

    /// Earlier lists had no registrations: their rows are in force from the beginning.
    static let registrationStep = """
        \(registeredTables)
        INSERT INTO registered_account (system, login, full_name, cccd, officer_code, phone, per_day, kind, person)
            SELECT system, login, full_name, cccd, officer_code, phone, per_day, kind, person FROM account;
        INSERT INTO registered_service (system, service, office_per_day, off_per_day, purpose)
            SELECT system, service, office_per_day, off_per_day, purpose FROM service;
        INSERT INTO registered_notice (system, service, from_date, to_date, hours, per_day, contact, status, number, plan)
            SELECT system, service, from_date, to_date, hours, per_day, contact, status, number, plan FROM notice;
        DROP TABLE account; DROP TABLE service; DROP TABLE notice;
        """
}
