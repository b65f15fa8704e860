import Domain
import Platform

/// Counts how often the time was set back (`Summary.returns`). An interval that begins before the last one ended was
/// counted after such a return. It goes by what the outbox took, so that a restored snapshot cannot tell old counts
/// as new ones.
extension Outbox {
    static let returnsSchema = """
        CREATE TABLE IF NOT EXISTS time_return (
            id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
        """

    /// Marks an interval with how often the time was set back before it. Call it before `last_to` moves on.
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

    /// Takes the collector's number of returns. When it is higher, this is a restored snapshot from before them; what
    /// is counted from now on belongs to the time that the collector knows.
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
