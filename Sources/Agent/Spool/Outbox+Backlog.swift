import Domain
import Platform

/// Tells how much waits and is kept, and forgets what is old.
extension Outbox {
    struct Backlog: Equatable {
        let intervals: Int64
        let summaries: Int64
        /// Bytes of what waits.
        let bytes: Int64
        /// Acknowledged or refused summaries; their bytes follow.
        let kept: Int64
        let keptBytes: Int64
    }

    struct Size {
        let intervals: Int64, intervalBytes: Int64
        let waiting: Int64, waitingBytes: Int64
        let kept: Int64, keptBytes: Int64
        var total: Int64 { intervalBytes + waitingBytes + keptBytes }
    }

    static func size(_ db: SQLiteConnection) throws -> Size {
        let intervals = try db.first(
            "SELECT COUNT(*), SUM(length(json) + length(rows)) FROM interval"
        ) {
            ($0.integer(0), $0.integer(1))
        }
        func summaries(_ isWaiting: Bool) throws -> (Int64, Int64) {
            try db.first(
                "SELECT COUNT(*), SUM(bytes) FROM summary WHERE state \(isWaiting ? "=" : ">") 0"
            ) { ($0.integer(0), $0.integer(1)) } ?? (0, 0)
        }
        let waiting = try summaries(true)
        let kept = try summaries(false)
        return Size(
            intervals: intervals?.0 ?? 0, intervalBytes: intervals?.1 ?? 0, waiting: waiting.0,
            waitingBytes: waiting.1, kept: kept.0, keptBytes: kept.1)
    }

    func backlog() throws -> Backlog {
        let size = try database.use { try Self.size($0) }
        return Backlog(
            intervals: size.intervals, summaries: size.waiting,
            bytes: size.intervalBytes + size.waitingBytes, kept: size.kept,
            keptBytes: size.keptBytes)
    }

    /// Where the oldest waiting interval begins; nil when nothing waits. It reads that interval whole.
    func oldestWaiting() throws -> Timestamp? {
        try database.use { db in
            let first = try db.first(
                "SELECT epoch, seq FROM summary WHERE state = 0 ORDER BY epoch, seq LIMIT 1"
            ) { (epoch: $0.integer(0), seq: $0.integer(1)) }
            if let first, let summary = try Self.summary(first.epoch, first.seq, in: db) {
                return summary.from
            }
            return try Self.interval(after: .min, in: db)?.interval.from
        }
    }

    /// Forgets what nobody can ask for any more and gives its room back to the disk. `sure`: a time that certainly
    /// passed.
    func prune(sure: Timestamp) throws {
        try database.use { db in
            try db.run(
                "DELETE FROM summary WHERE state <> 0 AND signed_at < ?",
                .integer(sure.milliseconds - bounds.keepMilliseconds))
            try Self.pruneUnreadable(sure: sure, keep: bounds.keepMilliseconds, in: db)
            let old = min(
                sure.milliseconds - 3 * Timestamp.millisecondsPerDay,
                try Self.firstHourKept(db) ?? .max)
            try db.run("DELETE FROM used_hour WHERE hour < ?", .integer(old))
            try db.run("DELETE FROM told WHERE at < ?", .integer(old))
            try db.run(
                "DELETE FROM noted WHERE hour < ?",
                .integer(sure.milliseconds - 8 * Timestamp.millisecondsPerDay))
            try Self.giveBack(db)
        }
    }

    /// Pages that stay free for what comes next: 1 MiB.
    private static let sparePages: Int64 = 256
    /// The most pages given back at a time, so that nobody waits long.
    private static let pagesMax: Int64 = 16_384

    private static func giveBack(_ db: SQLiteConnection) throws {
        let free = try db.first("PRAGMA freelist_count") { $0.integer(0) } ?? 0
        guard free > sparePages else { return }
        try db.execute("PRAGMA incremental_vacuum(\(min(free - sparePages, pagesMax)))")
        try db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
