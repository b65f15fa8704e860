import CollectorValues
import Domain
import Platform

/// Keeps the outbox small: what was sent is deleted after a week, and a full outbox loses its quietest notifications
/// first.
extension Records {
    static let notificationsMax: Int64 = 100_000
    package static let keptMilliseconds: Int64 = 7 * Timestamp.millisecondsPerDay

    /// How many notifications were dropped because the outbox was full, by channel.
    package struct Dropped {
        package var notifications: Int64 = 0
        package var byChannel: [(channel: String, count: Int64)] = []
    }

    /// Deletes what is over the bounds. It runs a few statements over an index, so call it only now and then.
    package func trimOutbox(at now: Timestamp, countMax: Int64 = notificationsMax) throws -> Dropped
    {
        let old = now.advanced(byMilliseconds: -Self.keptMilliseconds)
        try forget("n.at_ms < \(old.milliseconds) AND \(Self.settled)", countMax: 1000)
        try db.run(
            """
            DELETE FROM digest WHERE made_ms < ?
            AND id NOT IN (SELECT digest FROM delivery WHERE digest IS NOT NULL)
            """, old.value)
        var excess = try notificationCount() - countMax
        guard excess > 0 else { return Dropped() }
        excess -= try forget(Self.settled, countMax: excess)
        guard excess > 0 else { return Dropped() }
        return try drop(excess, at: now, countMax)
    }

    /// SQL for a notification that every channel has taken and that none still has to send.
    private static let settled = """
        n.number <= (SELECT COALESCE(MIN(position), 9223372036854775807) FROM channel)
        AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.number = n.number AND d.state = 'waiting')
        """

    private func notificationCount() throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM notification") { $0.integer(0) } ?? 0
    }

    @discardableResult
    private func forget(_ condition: String, countMax: Int64) throws -> Int64 {
        let numbers = try db.rows(
            """
            SELECT n.number FROM notification n WHERE \(condition) ORDER BY n.number LIMIT ?
            """, .integer(countMax)
        ) { $0.integer(0) }
        for number in numbers { try forget(number) }
        return Int64(numbers.count)
    }

    private func forget(_ number: Int64) throws {
        try db.run("DELETE FROM delivery WHERE number = ?", .integer(number))
        try db.run("DELETE FROM notification WHERE number = ?", .integer(number))
    }

    /// Drops the oldest of the quietest notifications, a tenth more than necessary, so that this is rare. One
    /// notification an hour tells how many; it is never dropped itself.
    private func drop(_ excess: Int64, at now: Timestamp, _ countMax: Int64) throws -> Dropped {
        let victims = try db.rows(
            """
            SELECT n.number FROM notification n WHERE n.event <> 'dropped'
            ORDER BY n.severity, n.number LIMIT ?
            """, .integer(excess + countMax / 10)
        ) { $0.integer(0) }
        var byChannel: [String: Int64] = [:]
        for number in victims {
            let channels = try db.rows(
                "SELECT channel FROM delivery WHERE number = ? AND state = 'waiting'",
                .integer(number)
            ) { $0.text(0) }
            for channel in channels { byChannel[channel, default: 0] += 1 }
            try forget(number)
        }
        let dropped = Dropped(
            notifications: Int64(victims.count),
            byChannel: byChannel.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        try tellDropped(dropped.notifications, at: now, countMax)
        return dropped
    }

    private func tellDropped(_ count: Int64, at now: Timestamp, _ countMax: Int64) throws {
        try db.run(
            """
            INSERT INTO outbox_loss (id, dropped) VALUES (1, ?)
            ON CONFLICT (id) DO UPDATE SET \(NumberRanges.adding("dropped", "excluded.dropped"))
            """, .integer(count))
        let total = try droppedTotal()
        try enqueue(
            Notification(
                id: Notification.id(of: .dropped, [now.hourStart.description]), event: .dropped,
                rule: "outbox", kind: "dropped", severity: .warning, scope: "", subject: "",
                at: now,
                message: MessageKey.notifyDropped.text([
                    "count": .same(total), "limit": .same(countMax),
                ])))
    }
    /// Counts all notifications that were ever dropped.
    package func droppedTotal() throws -> Int64 {
        try db.first("SELECT dropped FROM outbox_loss WHERE id = 1") { $0.integer(0) } ?? 0
    }
}
