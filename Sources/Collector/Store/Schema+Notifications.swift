extension Schema {
    /// The outbox of notifications. `number` is never reused, even after rows are gone, because channels and
    /// `alerts watch` advance by it.
    package static let notifications = """
        CREATE TABLE IF NOT EXISTS alert_event (
            alert INTEGER NOT NULL, event TEXT NOT NULL, severity INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS alert_event_at ON alert_event (at_ms);
        CREATE TABLE IF NOT EXISTS notification (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, event TEXT NOT NULL,
            rule TEXT NOT NULL, kind TEXT NOT NULL, severity INTEGER NOT NULL, scope TEXT NOT NULL,
            subject TEXT NOT NULL, at_ms INTEGER NOT NULL, vi TEXT NOT NULL, en TEXT NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS notification_at ON notification (at_ms);
        CREATE TABLE IF NOT EXISTS channel (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS delivery (
            number INTEGER NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
            not_before INTEGER NOT NULL, done_ms INTEGER, digest TEXT,
            PRIMARY KEY (number, channel)) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS delivery_state ON delivery (channel, state, digest);
        CREATE TABLE IF NOT EXISTS digest (
            id TEXT PRIMARY KEY, channel TEXT NOT NULL, rule TEXT NOT NULL, made_ms INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS outbox_loss (id INTEGER PRIMARY KEY, dropped INTEGER NOT NULL) STRICT;
        """
}
