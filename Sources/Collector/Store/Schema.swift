/// The collector's tables. Times are milliseconds since 1970 UTC.
package enum Schema {
    static let sql = """
        CREATE TABLE IF NOT EXISTS unit (
            code TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, province_code TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS system (
            code TEXT PRIMARY KEY, unit TEXT NOT NULL REFERENCES unit, name TEXT NOT NULL, contact TEXT NOT NULL,
            phone TEXT NOT NULL, email TEXT NOT NULL, mode TEXT NOT NULL DEFAULT 'observe') STRICT;
        CREATE TABLE IF NOT EXISTS person (cccd TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS token (
            id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, system TEXT NOT NULL, expires_at INTEGER NOT NULL,
            used_kid TEXT, agent TEXT) STRICT;
        CREATE TABLE IF NOT EXISTS agent (
            id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES system, kid TEXT NOT NULL UNIQUE,
            x TEXT NOT NULL, state TEXT NOT NULL, host TEXT NOT NULL, enrolled_at INTEGER NOT NULL,
            revoked_at INTEGER, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, last_hash TEXT NOT NULL,
            covered_to INTEGER NOT NULL, every_ms INTEGER NOT NULL, last_seen INTEGER, skew_ms INTEGER) STRICT;
        CREATE INDEX IF NOT EXISTS agent_system ON agent (system);
        CREATE TABLE IF NOT EXISTS gap (
            agent TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
            PRIMARY KEY (agent, from_ms)) STRICT;
        CREATE INDEX IF NOT EXISTS gap_end ON gap (agent, to_ms);
        CREATE TABLE IF NOT EXISTS summary (
            agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, jws TEXT NOT NULL,
            hash TEXT NOT NULL, received_at INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
            state TEXT NOT NULL, content BLOB, PRIMARY KEY (agent, epoch, seq)) STRICT;
        CREATE TABLE IF NOT EXISTS seal_part (
            agent TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, parts INTEGER NOT NULL,
            n INTEGER NOT NULL, PRIMARY KEY (agent, from_ms, to_ms, parts, n)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS agent_time (
            agent TEXT PRIMARY KEY, returns INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS denial (
            system TEXT NOT NULL, hour INTEGER NOT NULL, reason TEXT NOT NULL, login TEXT NOT NULL,
            service TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (system, hour, reason, login, service)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS tally (
            system TEXT NOT NULL, date INTEGER NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL,
            agent TEXT NOT NULL, allowed INTEGER NOT NULL,
            PRIMARY KEY (system, date, rule, subject, agent)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS noted (
            system TEXT NOT NULL, date INTEGER NOT NULL, reason TEXT NOT NULL, login TEXT NOT NULL,
            service TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (system, date, reason, login, service)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS allowance (
            id INTEGER PRIMARY KEY, rule TEXT NOT NULL, scope TEXT NOT NULL, system TEXT NOT NULL,
            queries INTEGER NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
            reason TEXT NOT NULL, granted_by TEXT NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS allowance_system ON allowance (system, until_ms);
        CREATE TABLE IF NOT EXISTS emergency (
            unit TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, decision TEXT NOT NULL,
            ordered_by TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS activity (
            person TEXT NOT NULL, system TEXT NOT NULL, login TEXT NOT NULL, first_ms INTEGER NOT NULL,
            last_ms INTEGER NOT NULL, allowed INTEGER NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL,
            seq INTEGER NOT NULL, PRIMARY KEY (person, system, login)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS alert (
            id INTEGER PRIMARY KEY, rule TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
            state TEXT NOT NULL, from_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, confidence REAL NOT NULL,
            vi TEXT NOT NULL, en TEXT NOT NULL, figures TEXT NOT NULL, evidence TEXT NOT NULL,
            UNIQUE (rule, kind, scope, key)) STRICT;
        CREATE TABLE IF NOT EXISTS lock (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, reason TEXT NOT NULL,
            note TEXT NOT NULL, basis TEXT NOT NULL, vi TEXT NOT NULL, en TEXT NOT NULL, state TEXT NOT NULL,
            issued_by TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER, approved_by TEXT,
            approved_at INTEGER, ended_at INTEGER, ended_by TEXT, end_note TEXT, outcome TEXT, replaces TEXT,
            key TEXT, k INTEGER, set_version TEXT, confidence INTEGER NOT NULL, figures TEXT NOT NULL,
            evidence TEXT NOT NULL, first_refusal INTEGER, refused INTEGER NOT NULL DEFAULT 0,
            void INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS lock_breach ON lock (reason, scope, key, k)
            WHERE key IS NOT NULL AND void = 0;
        CREATE INDEX IF NOT EXISTS lock_state ON lock (state);
        CREATE INDEX IF NOT EXISTS lock_issued ON lock (issued_at);
        CREATE TABLE IF NOT EXISTS lock_delivery (
            lock TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (lock, agent)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS waiver (
            rule TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, next_k INTEGER NOT NULL,
            until INTEGER NOT NULL, PRIMARY KEY (rule, scope, key)) STRICT;
        CREATE TABLE IF NOT EXISTS lock_set (
            audience TEXT PRIMARY KEY, counter INTEGER NOT NULL, jws TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS policy (
            system TEXT PRIMARY KEY, counter INTEGER NOT NULL, content TEXT NOT NULL, jws TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS day_key (date INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS sketch (
            date INTEGER NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
            received_at INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (date, agent)) STRICT;
        CREATE TABLE IF NOT EXISTS audit (
            number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
            subject TEXT NOT NULL, reason TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
        \(notifications)
        \(silence)
        \(state)
        \(registration)
        \(usage)
        \(evidence)
        \(pack)
        \(senders)
        \(alertList)
        \(sums)
        \(overdue)
        """
    /// Raised with every change of the tables; `Migrations` brings older databases to it.
    package static let version: Int64 = 5
}
