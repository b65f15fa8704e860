import CollectorValues
import Domain
import Platform

/// What each channel still has to send. All of it is in the database, so neither a restart nor `kill -9` loses a
/// notification or forgets that it was sent.
extension Records {
    /// If there are more than `singlesMax` notifications of one rule within this time, they go out as one digest.
    static let singlesMax: Int64 = 20
    static let digestMilliseconds: Int64 = 300_000
    private static let takenMax: Int64 = 5000

    /// Registers the channels of the configuration. A new channel starts with what happens from now on. For a channel
    /// that is gone, whatever it had not sent is deleted, and the count is returned so that it can be told.
    package func registerChannels(_ names: [ChannelName]) throws -> [(
        channel: String, waiting: Int64
    )] {
        let last = try lastNotification()
        for name in names {
            try db.run(
                "INSERT OR IGNORE INTO channel (name, position) VALUES (?, ?)", .text(name.text),
                .integer(last))
        }
        let gone = try db.rows("SELECT name FROM channel") { $0.text(0) }
            .filter { known in !names.contains { $0.text == known } }
        return try gone.map { name in
            let waiting = try waitingCount(name)
            try db.run("DELETE FROM channel WHERE name = ?", .text(name))
            try db.run("DELETE FROM delivery WHERE channel = ?", .text(name))
            try db.run("DELETE FROM digest WHERE channel = ?", .text(name))
            return (name, waiting)
        }
    }

    /// Whether a notification is waiting that is due.
    package func hasDue(_ channel: ChannelName, at now: Timestamp) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM delivery WHERE channel = ? AND state = 'waiting' AND not_before <= ? LIMIT 1
            """, .text(channel.text), now.value
        ) { _ in true } ?? false
    }

    /// Whether something was enqueued that the channel has not taken yet.
    package func hasUntaken(_ channel: ChannelName) throws -> Bool {
        try db.first(
            """
            SELECT 1 FROM channel WHERE name = ?
            AND position < (SELECT COALESCE(MAX(number), 0) FROM notification)
            """, .text(channel.text)
        ) { _ in true } ?? false
    }

    /// Moves what happened since the last call into the channel's own list.
    package func take(_ channel: ChannelName, minSeverity: Severity) throws {
        guard
            let position = try db.first(
                "SELECT position FROM channel WHERE name = ?", .text(channel.text),
                read: { $0.integer(0) })
        else { return }
        let upTo = min(try lastNotification(), position + Self.takenMax)
        guard upTo > position else { return }
        try db.run(
            """
            INSERT OR IGNORE INTO delivery (number, channel, state, tries, not_before)
            SELECT number, ?1, 'waiting', 0, 0 FROM notification
            WHERE number > ?2 AND number <= ?3 AND severity >= ?4
            """, .text(channel.text), .integer(position), .integer(upTo),
            .integer(Int64(minSeverity.rank)))
        try db.run(
            "UPDATE channel SET position = ? WHERE name = ?", .integer(upTo), .text(channel.text))
    }

    /// Returns the next letter: a digest that was made before, a new digest if a rule has too many notifications, or
    /// the loudest single notification. Returns nil if nothing is due.
    package func nextLetter(_ channel: ChannelName, at now: Timestamp) throws -> Letter? {
        if let made = try madeDigest(channel, at: now) { return made }
        var loudest: Notification?
        for (rule, due) in try dueByRule(channel, at: now) {
            if due + (try sentSingles(channel, rule, since: now)) > Self.singlesMax {
                // These wait while the next digest of this rule gathers.
                if try hasRecentDigest(channel, rule, at: now) { continue }
                try makeDigest(channel, rule, at: now)
                return try madeDigest(channel, at: now)
            }
            guard let first = try firstDue(channel, rule, at: now) else { continue }
            let isLouder = loudest.map {
                (first.severity.rank, -first.number) > ($0.severity.rank, -$0.number)
            }
            if isLouder ?? true { loudest = first }
        }
        return loudest.map { Letter($0) }
    }

    private func firstDue(_ channel: ChannelName, _ rule: String, at now: Timestamp) throws
        -> Notification?
    {
        try db.first(
            """
            SELECT \(Self.notificationColumns) FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.state = 'waiting' AND d.digest IS NULL AND d.not_before <= ?
            AND n.rule = ? ORDER BY n.severity DESC, n.number LIMIT 1
            """, .text(channel.text), now.value, .text(rule), read: readNotification)
    }

    private func dueByRule(_ channel: ChannelName, at now: Timestamp) throws
        -> [(rule: String, count: Int64)]
    {
        try db.rows(
            """
            SELECT n.rule, COUNT(*) FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.state = 'waiting' AND d.digest IS NULL AND d.not_before <= ?
            GROUP BY n.rule ORDER BY MAX(n.severity) DESC, n.rule
            """, .text(channel.text), now.value
        ) { ($0.text(0), $0.integer(1)) }
    }

    private func sentSingles(_ channel: ChannelName, _ rule: String, since now: Timestamp) throws
        -> Int64
    {
        try db.first(
            """
            SELECT COUNT(*) FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.state = 'sent' AND d.digest IS NULL AND n.rule = ?
            AND d.done_ms > ? AND d.done_ms <= ?
            """, .text(channel.text), .text(rule),
            now.advanced(byMilliseconds: -Self.digestMilliseconds).value, now.value
        ) { $0.integer(0) } ?? 0
    }

    /// A digest gathers for five minutes before the next one of its rule. One with a time in the future was made when
    /// the clock was wrong, and holds nothing up.
    private func hasRecentDigest(_ channel: ChannelName, _ rule: String, at now: Timestamp) throws
        -> Bool
    {
        try db.first(
            """
            SELECT 1 FROM digest WHERE channel = ? AND rule = ? AND made_ms > ? AND made_ms <= ?
            """, .text(channel.text), .text(rule),
            now.advanced(byMilliseconds: -Self.digestMilliseconds).value, now.value
        ) { _ in true } ?? false
    }

    private func makeDigest(_ channel: ChannelName, _ rule: String, at now: Timestamp) throws {
        let bounds = try db.first(
            """
            SELECT MIN(n.id), MAX(n.number), COUNT(*) FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.state = 'waiting' AND d.digest IS NULL AND d.not_before <= ?
            AND n.rule = ?
            """, .text(channel.text), now.value, .text(rule)
        ) { [$0.text(0), "\($0.integer(1))", "\($0.integer(2))"] }
        let name = [channel.text, rule] + (bounds ?? [])
        let id =
            "d-"
            + Digest.hex(Array(Digest.sha256(Array(name.joined(separator: " ").utf8)).prefix(16)))
        try db.run(
            "INSERT OR REPLACE INTO digest (id, channel, rule, made_ms) VALUES (?, ?, ?, ?)",
            .text(id), .text(channel.text), .text(rule), now.value)
        try db.run(
            """
            UPDATE delivery SET digest = ?1 WHERE channel = ?2 AND state = 'waiting' AND digest IS NULL
            AND not_before <= ?3 AND number IN (SELECT number FROM notification WHERE rule = ?4)
            """, .text(id), .text(channel.text), now.value, .text(rule))
    }

    private func madeDigest(_ channel: ChannelName, at now: Timestamp) throws -> Letter? {
        let found = try db.first(
            """
            SELECT d.digest, n.rule, COUNT(*), MIN(n.at_ms), MAX(n.at_ms), MAX(n.severity)
            FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.state = 'waiting' AND d.digest IS NOT NULL AND d.not_before <= ?
            GROUP BY d.digest ORDER BY MIN(d.number) LIMIT 1
            """, .text(channel.text), now.value
        ) { row in
            Letter.Digest(
                id: row.text(0), rule: row.text(1), count: Int(row.integer(2)),
                from: Timestamp(milliseconds: row.integer(3)),
                to: Timestamp(milliseconds: row.integer(4)),
                severity: Severity(rank: Int(row.integer(5))))
        }
        guard let digest = found else { return nil }
        let first = try db.rows(
            """
            SELECT \(Self.notificationColumns) FROM delivery d JOIN notification n USING (number)
            WHERE d.channel = ? AND d.digest = ? ORDER BY d.number LIMIT \(Letter.idsMax)
            """, .text(channel.text), .text(digest.id), read: readNotification)
        return Letter(digest, first: first)
    }
}
