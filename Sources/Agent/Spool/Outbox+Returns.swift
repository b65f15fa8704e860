import Domain
import Platform

/// How often the time was set back (`Summary.returns`). An interval that begins before the last one ended was
/// counted after such a return: by what was taken, so that a restored snapshot cannot tell what was counted
/// as something new.
extension Outbox {
    static let returnsSchema = """
        CREATE TABLE IF NOT EXISTS time_return (
            id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
        """

    /// The interval as it is kept, with how often the time was set back before it. Before `last_to` moves on.
    static func marked(_ interval: Interval, in db: SQLiteConnection) throws -> Interval {
        let last = try db.first("SELECT last_to FROM position") { $0.integer(0) } ?? 0
        if interval.from.milliseconds < last {
            try db.run(
                """
                INSERT INTO time_return (id, count) VALUES (1, 1)
                ON CONFLICT (id) DO UPDATE SET count = count + 1
                """)
        }
        var interval = interval
        interval.returns = try db.first("SELECT count FROM time_return", read: { $0.integer(0) })
        return interval
    }

    /// The collector knows of more returns: this is a restored snapshot of before. What is counted from now on is of
    /// the time that the collector knows.
    func adopt(returns told: Int64) throws {
        guard (1...Summary.counts.upperBound).contains(told) else { return }
        _ = try database.use {
            try $0.run(
                """
                INSERT INTO time_return (id, count) VALUES (1, ?1)
                ON CONFLICT (id) DO UPDATE SET count = max(count, ?1)
                """, .integer(told))
        }
    }
}
