import Domain

/// How much the outbox may hold (`outbox` in agent.json5; docs/en/operating.md#collector-away).
struct OutboxBounds: Equatable, Sendable {
    /// Of everything that waits or is kept, as it lies in the database without its overhead.
    var bytesMax: Int64 = 1 << 30
    /// How long something may wait.
    var waitMilliseconds: Int64 = 30 * Timestamp.millisecondsPerDay
    /// How long acknowledged summaries are kept for a collector restored from backup.
    var keepMilliseconds: Int64 = 8 * Timestamp.millisecondsPerDay

    /// Up to this size intervals of one hour grow together, so that what must be dropped is dropped in
    /// small pieces.
    var mergedBytesMax: Int64 { min(4 << 20, bytesMax / 16) }
}

/// What had to be dropped.
struct OutboxLoss: Equatable, Sendable {
    var intervals: Int64 = 0
    var rows: Int64 = 0
    var queries: Int64 = 0
    /// Acknowledged summaries that went before their time: their counts are at the collector.
    var kept: Int64 = 0
    /// Refused ones that went before their time: their counts were told as lost already.
    var refused: Int64 = 0

    var isEmpty: Bool { self == OutboxLoss() }

    mutating func add(_ interval: Interval) {
        intervals += 1
        rows += Int64(interval.rows.count)
        queries += interval.queries
    }
}
