extension Schema {
    /// Totals in three tables, each written with every counted summary (docs/store-format.md): hours by account, kept
    /// 90 days; dates by account and hours by system, kept for years. Names are stored as numbers, so a row takes about
    /// 20 bytes.
    ///
    /// Tables by account have the time first in their key: rows written together lie together at the end, and old rows
    /// are deleted at the front. `hour` counts hours since 1970, `date` Vietnamese dates. `part` is the part of a date:
    /// bit 0 is the window (1: off), bit 1 whether the office had opened (before that, it is still the day before).
    package static let usage = """
        CREATE TABLE IF NOT EXISTS usage_system (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS usage_service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS usage_account (
            id INTEGER PRIMARY KEY, system INTEGER NOT NULL, login TEXT NOT NULL,
            UNIQUE (login, system)) STRICT;
        CREATE TABLE IF NOT EXISTS usage_hour (
            hour INTEGER NOT NULL, system INTEGER NOT NULL, account INTEGER NOT NULL, service INTEGER NOT NULL,
            win INTEGER NOT NULL, allowed INTEGER NOT NULL, denied INTEGER NOT NULL, passed INTEGER NOT NULL,
            PRIMARY KEY (hour, system, account, service, win)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS usage_date (
            date INTEGER NOT NULL, part INTEGER NOT NULL, system INTEGER NOT NULL, account INTEGER NOT NULL,
            service INTEGER NOT NULL, allowed INTEGER NOT NULL, denied INTEGER NOT NULL, passed INTEGER NOT NULL,
            PRIMARY KEY (date, part, system, account, service)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS usage_system_hour (
            system INTEGER NOT NULL, hour INTEGER NOT NULL, service INTEGER NOT NULL, win INTEGER NOT NULL,
            allowed INTEGER NOT NULL, denied INTEGER NOT NULL, passed INTEGER NOT NULL,
            PRIMARY KEY (system, hour, service, win)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS usage_kept (
            id INTEGER PRIMARY KEY CHECK (id = 1), hours_from INTEGER, dates_from INTEGER) STRICT;
        """

    /// Signed summaries, many of an agent in one archive; and pins of those that an alert or a lock cites, which
    /// outlive the others. `holds` counts the alerts that cite one (`Records.cite`). It is null if a lock cites it, or
    /// if it is unknown who does; such a pin stays until it is old (`Records.pin`).
    package static let evidence = """
        CREATE INDEX IF NOT EXISTS summary_raw ON summary (agent, epoch, seq, received_at) WHERE jws <> '';
        CREATE INDEX IF NOT EXISTS summary_content ON summary (agent, from_ms, to_ms, content)
            WHERE state = 'counted' AND jws <> '';
        CREATE TABLE IF NOT EXISTS evidence_block (
            id INTEGER PRIMARY KEY, agent TEXT NOT NULL, epoch INTEGER NOT NULL, first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL, received_to INTEGER NOT NULL, count INTEGER NOT NULL,
            archive BLOB NOT NULL, UNIQUE (agent, epoch, first_seq)) STRICT;
        CREATE INDEX IF NOT EXISTS evidence_block_age ON evidence_block (received_to);
        CREATE TABLE IF NOT EXISTS refused_summary (
            agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
            kind TEXT NOT NULL, received_at INTEGER NOT NULL, jws TEXT NOT NULL,
            UNIQUE (agent, epoch, seq, hash)) STRICT;
        CREATE INDEX IF NOT EXISTS refused_summary_age ON refused_summary (received_at);
        CREATE TABLE IF NOT EXISTS pin (
            agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            holds INTEGER, PRIMARY KEY (agent, epoch, seq)) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO pin (agent, epoch, seq, at_ms) SELECT agent, epoch, seq, MAX(at_ms) FROM (
        \(cited("alert", time: "at_ms")) UNION ALL \(cited("lock", time: "issued_at")))
        WHERE agent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pin) GROUP BY agent, epoch, seq;
        """

    /// Upgrades version 4, which does not know how many alerts cite what is pinned, or an earlier version without pins.
    static let pinStep = """
        CREATE TABLE IF NOT EXISTS pin (
            agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            PRIMARY KEY (agent, epoch, seq)) STRICT, WITHOUT ROWID;
        ALTER TABLE pin ADD COLUMN holds INTEGER;
        """

    /// Selects what was cited before there were pins.
    private static func cited(_ table: String, time: String) -> String {
        """
        SELECT json_extract(e.value, '$.agent') AS agent, json_extract(e.value, '$.epoch') AS epoch,
        json_extract(e.value, '$.seq') AS seq, t.\(time) AS at_ms FROM \(table) t, json_each(t.evidence) e
        """
    }
}
