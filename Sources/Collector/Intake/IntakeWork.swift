import Domain

/// What a transaction of the intake costs, measured in rows written. A push costs what its summaries hold.
enum IntakeWork {
    /// The most rows of one transaction, so that a lock waits only some hundredths of a second for it.
    package static let rowsMax = 6000

    /// A refusal or note is also written into the day's sums.
    package static func rows(of item: Intake.Item) -> Int {
        guard case .summary(let summary, _, _, _) = item else { return 1 }
        let beside = 8 + 4 * summary.breaches.count + summary.refusals.count
        // To know whether a seal is whole, all its parts are read; to know where time came back to, what was told after
        // that.
        let asked = summary.part.of / 50 + (summary.returns == nil ? 0 : 16)
        return summary.rows.reduce(beside + asked + noteRows * notes(of: summary)) {
            $0 + 1 + 4 * ($1.denied.count + $1.would.count)
        }
    }

    /// The cost of an alert that is found again: its content is read and rewritten.
    private static let noteRows = 20

    /// The most alerts that a summary makes by itself.
    private static func notes(of summary: Summary) -> Int {
        let offset = summary.clockOffsetMilliseconds ?? 0
        return (summary.dropped.isEmpty ? 0 : 2)
            + [
                !summary.refusedSets.isEmpty, summary.bypass != nil, !summary.refusals.isEmpty,
                abs(offset) > Counting.skewMillisecondsMax,
            ].count { $0 }
    }

    /// The cost when time comes back once more: what was told after it is searched (`Records.lastEnd`). The first part
    /// of a seal that tells of a downtime costs the same.
    private static let returnRows = 400

    /// Returns how many items from the first on make up a transaction, at least one, and their rows.
    package static func count(_ items: [Intake.Item], room: Int) -> (items: Int, rows: Int) {
        var rows = 0
        var returns: Int64?
        var end: Timestamp?
        for (place, item) in items.enumerated() {
            var more = Self.rows(of: item)
            if case .summary(let summary, _, _, _) = item {
                if let told = summary.returns {
                    if returns.map({ $0 < told }) ?? false { more += returnRows }
                    returns = max(told, returns ?? told)
                }
                if summary.part.of > 1, summary.part.n == 1, summary.downtime != nil {
                    more += returnRows
                }
                if let end, summary.from > end { more += noteRows }
                end = summary.to
            }
            if place > 0, rows + more > room { return (place, rows) }
            rows += more
        }
        return (items.count, rows)
    }
}
