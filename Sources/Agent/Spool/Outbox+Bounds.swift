import Domain
import Platform
import Wire

/// Bounds the outbox by bytes and age. Hours are merged before anything is dropped. What must still go goes oldest
/// first, is counted, and leaves a gap that the collector names.
extension Outbox {
    /// How many intervals may pile up before they are merged, so that an hour is not rewritten every minute.
    private static let unmergedMax: Int64 = 8

    // MARK: hours

    /// Merges waiting intervals of one clock hour, if some have piled up.
    func mergeHours() throws {
        try database.use { db in
            let merged =
                try db.first("SELECT merged_place FROM spool") { $0.integer(0) } ?? Int64.min
            let count =
                try db.first(
                    "SELECT COUNT(*) FROM interval WHERE place > ?", .integer(merged),
                    read: { $0.integer(0) }) ?? 0
            if count >= Self.unmergedMax { try db.transaction { try merge(in: db) } }
        }
    }

    /// Merges from the last interval that may still grow. It holds two intervals in memory at a time.
    func merge(in db: SQLiteConnection) throws {
        let merged = try db.first("SELECT merged_place FROM spool") { $0.integer(0) } ?? Int64.min
        let start =
            try db.first(
                "SELECT MAX(place) FROM interval WHERE place <= ?", .integer(merged),
                read: { $0.integerOrNil(0) }) ?? nil
        guard
            let last = try db.first("SELECT MAX(place) FROM interval", read: { $0.integerOrNil(0) })
                ?? nil, last > start ?? .min,
            var grown = try Self.interval(after: start.map { $0 - 1 } ?? .min, in: db)
        else { return }
        var hasGrown = false
        var bytes = try Self.bytes(at: grown.place, in: db)
        func keep() throws {
            guard hasGrown else { return }
            try Self.replace(grown.interval, place: grown.place, in: db)
        }
        var place = grown.place
        while let next = try Self.interval(after: place, in: db) {
            place = next.place
            let size = try Self.bytes(at: next.place, in: db)
            if bytes < bounds.mergedBytesMax, grown.interval.mayCoalesce(with: next.interval) {
                grown.interval.coalesce(next.interval)
                hasGrown = true
                try db.run("DELETE FROM interval WHERE place = ?", .integer(next.place))
                // This is an upper bound: what both have in common is written once.
                bytes += size
                if bytes >= bounds.mergedBytesMax {
                    try keep()
                    bytes = try Self.bytes(at: grown.place, in: db)
                }
            } else {
                try keep()
                grown = next
                bytes = size
                hasGrown = false
            }
        }
        try keep()
        try db.run(
            """
            INSERT INTO spool (id, merged_place) VALUES (1, ?)
            ON CONFLICT (id) DO UPDATE SET merged_place = excluded.merged_place
            """, .integer(grown.place))
    }

    private static func replace(_ interval: Interval, place: Int64, in db: SQLiteConnection) throws
    {
        try db.run("DELETE FROM interval WHERE place = ?", .integer(place))
        try keep(interval, place: place, in: db)
    }

    private static func bytes(at place: Int64, in db: SQLiteConnection) throws -> Int64 {
        try db.first(
            "SELECT length(json) + length(rows) FROM interval WHERE place = ?", .integer(place),
            read: { $0.integer(0) }) ?? 0
    }

    // MARK: bounds

    /// Drops what is beyond the bounds. `sure` is a time that has certainly passed (`TrustedClock`), so that a clock
    /// which is ahead by mistake makes nothing old.
    func enforceBounds(sure: Timestamp, byAge isAgeDue: Bool = true) throws -> OutboxLoss {
        try database.use { db in
            var loss = OutboxLoss()
            if try Self.size(db).total > bounds.bytesMax {
                try db.transaction {
                    try merge(in: db)
                    try dropKept(db, &loss)
                    while try Self.size(db).total > bounds.bytesMax {
                        guard try dropOldest(db, before: nil, &loss) else { break }
                    }
                    try Self.note(loss, db)
                }
            }
            guard isAgeDue else { return loss }
            let oldest = sure.advanced(byMilliseconds: -bounds.waitMilliseconds)
            try db.transaction {
                var old = OutboxLoss()
                while try dropOldest(db, before: oldest, &old) {}
                try Self.note(old, db)
                loss.intervals += old.intervals
                loss.rows += old.rows
                loss.queries += old.queries
            }
            return loss
        }
    }

    /// Drops what is kept, oldest first: refused summaries, whose counts were told as lost when they were refused,
    /// then acknowledged ones, whose counts the collector has.
    private func dropKept(_ db: SQLiteConnection, _ loss: inout OutboxLoss) throws {
        var excess = try Self.size(db).total - bounds.bytesMax
        for state in [State.refused, State.acknowledged] where excess > 0 {
            let numbers = try db.rows(
                "SELECT epoch, seq, bytes FROM summary WHERE state = ? ORDER BY epoch, seq",
                .integer(state)
            ) { (epoch: $0.integer(0), seq: $0.integer(1), bytes: $0.integer(2)) }
            for number in numbers where excess > 0 {
                try db.run(
                    "DELETE FROM summary WHERE epoch = ? AND seq = ?", .integer(number.epoch),
                    .integer(number.seq))
                excess -= number.bytes
                if state == State.refused { loss.refused += 1 } else { loss.kept += 1 }
            }
        }
    }

    private struct Enough: Error {}

    /// Drops the oldest seal or interval, unless it is the newest of all or ends after `limit`. Returns false when
    /// nothing was dropped.
    private func dropOldest(
        _ db: SQLiteConnection, before limit: Timestamp?, _ loss: inout OutboxLoss
    ) throws -> Bool {
        // The newest stays: something unsigned must follow to tell of what is gone.
        guard
            let newest = try db.first(
                "SELECT MAX(place) FROM interval", read: { $0.integerOrNil(0) })
                ?? nil
        else { return false }
        var oldest: (interval: Interval, numbers: [(epoch: Int64, seq: Int64)])?
        do {
            // The bound is more than the parts of one seal.
            try forEachWaitingSeal(db, countMax: 1024) { interval, numbers in
                oldest = (interval, numbers)
                throw Enough()
            }
        } catch is Enough {}
        func isKept(_ interval: Interval) -> Bool { limit.map { interval.to >= $0 } ?? false }
        if let (interval, numbers) = oldest {
            guard !isKept(interval) else { return false }
            for number in numbers {
                try db.run(
                    "DELETE FROM summary WHERE epoch = ? AND seq = ?", .integer(number.epoch),
                    .integer(number.seq))
            }
            loss.add(interval)
            try Self.carry(interval, db)
            return true
        }
        guard let (place, interval) = try Self.interval(after: .min, in: db), place < newest,
            !isKept(interval)
        else { return false }
        try db.run("DELETE FROM interval WHERE place = ?", .integer(place))
        loss.add(interval)
        try Self.carry(interval, db)
        return true
    }

    /// Moves what a dropped interval told besides its counts into the next one: what was lost before it, and a
    /// bypass, which nobody may hide by filling the spool.
    static func carry(_ dropped: Interval, _ db: SQLiteConnection) throws {
        for (kind, count) in dropped.dropped { try addLoss(kind, count, db, isNew: false) }
        guard let bypass = dropped.bypass, let next = try interval(after: .min, in: db),
            next.interval.bypass == nil
        else { return }
        var teller = next.interval
        teller.bypass = bypass
        try replace(teller, place: next.place, in: db)
    }

    // MARK: what was lost

    private static func note(_ loss: OutboxLoss, _ db: SQLiteConnection) throws {
        try addLoss("spool", loss.queries, db)
        try addLoss("spool_rows", loss.rows, db)
        try addLoss("spool_intervals", loss.intervals, db)
        guard loss.kept > 0 else { return }
        try db.run(
            """
            INSERT INTO loss (kind, untold, total) VALUES ('kept', 0, ?)
            ON CONFLICT DO UPDATE SET total = total + excluded.total
            """, .integer(loss.kept))
    }

    /// `isNew` is false for what was counted as lost before and is only told later.
    static func addLoss(
        _ kind: String, _ count: Int64, _ db: SQLiteConnection, isNew: Bool = true
    ) throws {
        guard count > 0 else { return }
        try db.run(
            """
            INSERT INTO loss (kind, untold, total) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET untold = untold + excluded.untold, total = total + excluded.total
            """, .text(kind), .integer(count), .integer(isNew ? count : 0))
    }

    /// Adds untold losses to an interval that is about to be signed.
    static func tellLosses(in interval: inout Interval, _ db: SQLiteConnection) throws {
        let untold = try db.rows("SELECT kind, untold FROM loss WHERE untold > 0") {
            ($0.text(0), $0.integer(1))
        }
        guard !untold.isEmpty else { return }
        interval.dropped.merge(untold, uniquingKeysWith: +)
        try db.run("UPDATE loss SET untold = 0")
    }

    /// Whether the collector does not know yet of something that was dropped here.
    func hasUntoldLoss() throws -> Bool {
        try database.use {
            try $0.first(
                "SELECT 1 FROM loss WHERE untold > 0 AND kind LIKE 'spool%'", read: { _ in true })
                ?? false
        }
    }

    /// Everything that was ever dropped here.
    func lossTotal() throws -> OutboxLoss {
        let totals = try database.use { db in
            Dictionary(
                try db.rows("SELECT kind, total FROM loss") { ($0.text(0), $0.integer(1)) },
                uniquingKeysWith: +)
        }
        return OutboxLoss(
            intervals: totals["spool_intervals"] ?? 0, rows: totals["spool_rows"] ?? 0,
            queries: totals["spool"] ?? 0, kept: totals["kept"] ?? 0)
    }

    /// What the collector refused.
    struct Refused: Equatable {
        /// Refused summaries since the beginning.
        let summaries: Int64
        let queries: Int64
        /// How many of them are still kept.
        let kept: Int64
        /// How many no summary has told of yet.
        let untold: Int64

        var isFresh: Bool { kept > 0 || untold > 0 }
    }

    func refused() throws -> Refused {
        try database.use { db in
            func loss(_ column: String, _ kind: String) throws -> Int64 {
                try db.first(
                    "SELECT \(column) FROM loss WHERE kind = ?", .text(kind),
                    read: { $0.integer(0) }) ?? 0
            }
            return Refused(
                summaries: try loss("total", "refused_summaries"),
                queries: try loss("total", "refused"),
                kept: try db.first(
                    "SELECT COUNT(*) FROM summary WHERE state = ?", .integer(State.refused),
                    read: { $0.integer(0) }) ?? 0,
                untold: try loss("untold", "refused_summaries"))
        }
    }
}
