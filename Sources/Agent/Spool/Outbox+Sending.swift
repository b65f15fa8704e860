import Domain
import Platform
import Wire

/// What goes out: it is numbered and signed once, sent until it is answered, and kept for a while.
extension Outbox {
    /// The most summaries signed at a time: about what one push carries.
    private static let signedMax = 64
    /// The most bytes in one push; well below what the collector takes, since all of it is in memory at once.
    private static let bytesMax = Int64(Limits.pushBytesMax / 4)

    /// Signed summaries that wait for an answer, oldest first, as many as one push carries.
    func waiting(countMax: Int = 64) throws -> [Signed] {
        try database.use { db in
            var bytes: Int64 = 0
            let numbers = try db.rows(
                "SELECT epoch, seq, bytes FROM summary WHERE state = 0 ORDER BY epoch, seq LIMIT ?",
                .integer(Int64(countMax))
            ) { (epoch: $0.integer(0), seq: $0.integer(1), bytes: $0.integer(2)) }.prefix {
                bytes += $0.bytes + 1
                return bytes <= Self.bytesMax
            }
            return try numbers.compactMap { number in
                try db.first(
                    "SELECT jws FROM summary WHERE epoch = ? AND seq = ?",
                    .integer(number.epoch), .integer(number.seq)
                ) { Signed(epoch: number.epoch, seq: number.seq, jws: $0.text(0)) }
            }
        }
    }

    /// Numbers, chains and signs what waits unsigned, in one transaction: as much as a push carries, with one summary
    /// for an hour where it fits. Returns whether there was anything. `make` hands over one summary, or several of
    /// consecutive numbers, as they are made.
    func sign(
        at now: Timestamp,
        _ make: (Interval, Position, _ store: (String, Int64) throws -> Void) throws -> Void
    ) throws -> Bool {
        try database.use { db in
            try db.transaction {
                try merge(in: db)
                var position = try Self.position(db)
                var signed = 0
                var bytes: Int64 = 0
                while signed < Self.signedMax, bytes < Self.bytesMax,
                    let next = try Self.interval(after: .min, in: db)
                {
                    var interval = next.interval
                    try Self.tellLosses(in: &interval, db)
                    let start = position
                    try make(interval, start) { jws, seq in
                        let size = Int64(jws.utf8.count)
                        try db.run(
                            """
                            INSERT INTO summary (epoch, seq, jws, state, signed_at, bytes)
                            VALUES (?, ?, ?, 0, ?, ?)
                            """, .integer(start.epoch), .integer(seq), .text(jws),
                            .integer(now.milliseconds), .integer(size))
                        position.seq = seq
                        position.lastHash = JWS.digest(jws)
                        signed += 1
                        bytes += size
                    }
                    try db.run("DELETE FROM interval WHERE place = ?", .integer(next.place))
                }
                guard signed > 0 else { return false }
                try db.run(
                    "UPDATE position SET seq = ?, last_hash = ?", .integer(position.seq),
                    .text(position.lastHash))
                return true
            }
        }
    }

    // MARK: answers

    /// Notes that the collector has counted a summary.
    func settle(_ epoch: Int64, _ seq: Int64) throws {
        _ = try database.use {
            try $0.run(
                "UPDATE summary SET state = ? WHERE epoch = ? AND seq = ? AND state = 0",
                .integer(State.acknowledged), .integer(epoch), .integer(seq))
        }
    }

    /// Sets aside a summary that was refused for good. It is kept for inspection as long as acknowledged ones, but its
    /// counts are lost, and the next summary says so. Returns the number of its queries; nil when it was not waiting.
    @discardableResult
    func setAside(_ epoch: Int64, _ seq: Int64) throws -> Int64? {
        try database.use { db in
            try db.transaction {
                let isWaiting =
                    try db.run(
                        "UPDATE summary SET state = ? WHERE epoch = ? AND seq = ? AND state = 0",
                        .integer(State.refused), .integer(epoch), .integer(seq)) > 0
                // A summary that cannot be read is counted among the losses as unreadable.
                guard isWaiting, let summary = try Self.summary(epoch, seq, in: db) else {
                    return nil
                }
                let interval = Interval(of: summary)
                try Self.addLoss("refused", interval.queries, db)
                try Self.addLoss("refused_summaries", 1, db)
                try Self.carry(interval, db)
                return interval.queries
            }
        }
    }

    /// Sends again what a collector restored from backup had acknowledged. Returns false when it is no longer kept.
    func sendAgain(epoch: Int64, from seq: Int64) throws -> Bool {
        try database.use { db in
            guard
                try db.first(
                    "SELECT 1 FROM summary WHERE epoch = ? AND seq = ?",
                    .integer(epoch), .integer(seq), read: { _ in true }) != nil
            else { return false }
            try db.run(
                "UPDATE summary SET state = 0 WHERE epoch = ? AND seq >= ?",
                .integer(epoch), .integer(seq))
            return true
        }
    }

    /// Moves to a new epoch. What was signed and not accepted becomes unsigned again, to be numbered anew, and so
    /// does what was acknowledged after `held`, the last summary that the collector has: one restored from a backup
    /// of an earlier epoch has lost it. Returns the cost of the summaries that are signed again.
    @discardableResult
    func adopt(epoch: Int64, held: SummaryNumber? = nil) throws -> SentQuota.Cost {
        try database.use { db in
            try db.transaction {
                var cost = SentQuota.Cost()
                if let held {
                    try db.run(
                        "UPDATE summary SET state = 0 WHERE state = 1 AND (epoch, seq) > (?, ?)",
                        .integer(held.epoch), .integer(held.seq))
                }
                let first =
                    try db.first("SELECT MIN(place) FROM interval") { $0.integerOrNil(0) } ?? nil
                let last = try db.first("SELECT last_ledger FROM position") { $0.integer(0) } ?? 0
                let count =
                    try db.first("SELECT COUNT(*) FROM summary WHERE state = 0") { $0.integer(0) }
                    ?? 0
                var place = (first ?? last + 1) - count
                try forEachWaiting(db) { summary in
                    var interval = Interval(of: summary)
                    interval.part = summary.part.of > 1 ? summary.part : nil
                    interval.wasSigned = true
                    cost.add(summary)
                    try Self.keep(interval, place: place, in: db)
                    place += 1
                }
                cost.bytes = try Self.size(db).waitingBytes
                try db.run("DELETE FROM summary WHERE state = 0")
                try db.run("DELETE FROM spool")
                try db.run(
                    "UPDATE position SET epoch = ?, seq = 0, last_hash = ''", .integer(epoch))
                return cost
            }
        }
    }

    /// The waiting summaries, oldest first, one in memory at a time.
    private func forEachWaiting(_ db: SQLiteConnection, _ body: (Summary) throws -> Void) throws {
        let numbers = try db.rows(
            "SELECT epoch, seq FROM summary WHERE state = 0 ORDER BY epoch, seq"
        ) { (epoch: $0.integer(0), seq: $0.integer(1)) }
        for number in numbers {
            guard let summary = try Self.summary(number.epoch, number.seq, in: db) else { continue }
            try body(summary)
        }
    }

    /// Nil when it is not there; one that cannot be read is set aside.
    static func summary(_ epoch: Int64, _ seq: Int64, in db: SQLiteConnection) throws -> Summary? {
        let jws = try db.first(
            "SELECT jws FROM summary WHERE epoch = ? AND seq = ?", .integer(epoch), .integer(seq),
            read: { $0.text(0) })
        do {
            return try jws.map { try decodeJSON(Summary.self, try JWS.parse($0.utf8).payload) }
        } catch  where isOfContent(error) {
            try setAsideUnreadable(epoch, seq, error, in: db)
            return nil
        }
    }

    /// What a waiting summary tells; nil when it does not wait or cannot be read.
    func told(_ epoch: Int64, _ seq: Int64) throws -> Interval? {
        try database.use { db in
            let isWaiting = try db.first(
                "SELECT 1 FROM summary WHERE epoch = ? AND seq = ? AND state = 0",
                .integer(epoch), .integer(seq), read: { _ in true })
            guard isWaiting != nil else { return nil }
            return try Self.summary(epoch, seq, in: db).map { Interval(of: $0) }
        }
    }

    /// The waiting summaries, oldest first, with the parts of one seal put together again. One seal is in memory at a
    /// time; `body` gets its numbers too.
    func forEachWaitingSeal(
        _ db: SQLiteConnection, countMax: Int64 = .max,
        _ body: (Interval, [(epoch: Int64, seq: Int64)]) throws -> Void
    ) throws {
        let numbers = try db.rows(
            "SELECT epoch, seq FROM summary WHERE state = 0 ORDER BY epoch, seq LIMIT ?",
            .integer(countMax)
        ) { (epoch: $0.integer(0), seq: $0.integer(1)) }
        var seal: (interval: Interval, numbers: [(epoch: Int64, seq: Int64)])?
        for number in numbers {
            guard let summary = try Self.summary(number.epoch, number.seq, in: db) else { continue }
            if summary.part.n > 1, seal?.interval.from == summary.from {
                seal?.interval.rows += summary.rows
                seal?.interval.breaches += summary.breaches
                seal?.interval.refusals += summary.refusals
                seal?.interval.features.merge(FeatureLines(summary.features))
                seal?.numbers.append(number)
                continue
            }
            if let seal { try body(seal.interval, seal.numbers) }
            seal = (Interval(of: summary), [number])
        }
        if let seal { try body(seal.interval, seal.numbers) }
    }
}

extension Interval {
    /// Takes what the first part of a seal tells of.
    init(of summary: Summary) {
        self.init(
            from: summary.from, to: summary.to, downtime: summary.downtime,
            dropped: summary.dropped, breaches: summary.breaches, rows: summary.rows)
        refusals = summary.refusals
        bypass = summary.bypass
        features = FeatureLines(summary.features)
        sketchHash = summary.sketchHash
        returns = summary.returns
    }
}
