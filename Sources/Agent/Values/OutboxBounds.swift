import Domain

/// The bounds of the outbox (`outbox` in agent.json5; docs/en/operating.md).
struct OutboxBounds: Equatable, Sendable {
    /// The most bytes that wait or are kept, as they lie in the database without its overhead.
    var bytesMax: Int64 = 1 << 30
    /// How long something may wait.
    var waitMilliseconds: Int64 = 30 * Timestamp.millisecondsPerDay
    /// How long acknowledged summaries are kept for a collector restored from backup.
    var keepMilliseconds: Int64 = 8 * Timestamp.millisecondsPerDay

    /// Intervals of one hour are merged up to this size, so that what must be dropped is dropped in small pieces.
    var mergedBytesMax: Int64 { min(4 << 20, bytesMax / 16) }
}

/// What had to be dropped.
struct OutboxLoss: Equatable, Sendable {
    var intervals: Int64 = 0
    var rows: Int64 = 0
    var queries: Int64 = 0
    /// Acknowledged summaries that went before their time; the collector has their counts.
    var kept: Int64 = 0
    /// Refused summaries that went before their time; their counts were told as lost already.
    var refused: Int64 = 0

    var isEmpty: Bool { self == OutboxLoss() }

    mutating func add(_ interval: Interval) {
        intervals += 1
        rows += Int64(interval.rows.count)
        queries += interval.queries
    }
}
