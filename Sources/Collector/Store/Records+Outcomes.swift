import CollectorValues
import Domain
import Platform

/// Records what became of letters.
extension Records {
    package func markSent(_ letter: Letter, _ channel: ChannelName, at now: Timestamp) throws {
        try db.run(
            """
            UPDATE delivery SET state = 'sent', done_ms = ?1 WHERE channel = ?2 AND state = 'waiting'
            AND CASE WHEN ?3 IS NULL THEN number = ?4 ELSE digest = ?3 END
            """, now.value, .text(channel.text), .optional(letter.digest?.id),
            .integer(letter.notifications.first?.number ?? 0))
    }

    /// Called when the other side refused this letter: it is sent again later, and the others go on.
    package func putOff(_ letter: Letter, _ channel: ChannelName, at now: Timestamp) throws {
        let number = letter.notifications.first?.number ?? 0
        let tries =
            try db.first(
                "SELECT tries FROM delivery WHERE channel = ? AND number = ?",
                .text(channel.text), .integer(number)
            ) { $0.integer(0) } ?? 0
        let pause = Backoff.pauseOfRefused(tries: Int(tries).adding(1))
        try db.run(
            """
            UPDATE delivery SET \(NumberRanges.adding("tries", "1")), not_before = ?1 WHERE channel = ?2
            AND state = 'waiting' AND CASE WHEN ?3 IS NULL THEN number = ?4 ELSE digest = ?3 END
            """, now.advanced(byMilliseconds: pause).value, .text(channel.text),
            .optional(letter.digest?.id), .integer(number))
    }

    /// Counts what a channel has taken and not sent yet.
    package func waitingCount(_ channel: String) throws -> Int64 {
        try db.first(
            "SELECT COUNT(*) FROM delivery WHERE channel = ? AND state = 'waiting'", .text(channel)
        ) { $0.integer(0) } ?? 0
    }
    /// Counts all that a channel still has to send, and tells since when the oldest waits.
    package struct Undelivered {
        package let channel: String
        package let waiting: Int64
        package let oldest: Timestamp?
    }

    package func undelivered() throws -> [Undelivered] {
        try db.rows(
            """
            SELECT c.name,
            (SELECT COUNT(*) FROM delivery d WHERE d.channel = c.name AND d.state = 'waiting'),
            (SELECT COUNT(*) FROM notification n WHERE n.number > c.position),
            (SELECT MIN(n.at_ms) FROM delivery d JOIN notification n USING (number)
                WHERE d.channel = c.name AND d.state = 'waiting')
            FROM channel c ORDER BY c.name
            """
        ) { row in
            Undelivered(
                channel: row.text(0), waiting: row.integer(1) + row.integer(2),
                oldest: row.integerOrNil(3).map { Timestamp(milliseconds: $0) })
        }
    }
}
