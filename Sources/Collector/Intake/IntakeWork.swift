import Domain

/// What a transaction of the intake costs, in rows written about: a push is not one thing, but what its summaries hold.
enum IntakeWork {
    /// Of one transaction, so that a lock that waits for it waits some hundredths of a second.
    static let rowsMax = 6000

    /// A refusal or note is written into the day's sums, too.
    static func rows(of item: Intake.Item) -> Int {
        guard case .summary(let summary, _, _) = item else { return 1 }
        return summary.rows.reduce(8 + 4 * summary.breaches.count + summary.refusals.count) {
            $0 + 1 + 4 * ($1.denied.count + $1.would.count)
        }
    }

    /// How many items, from the first on, make a transaction; one at least.
    static func count(_ items: [Intake.Item], room: Int) -> (items: Int, rows: Int) {
        var rows = 0
        for (place, item) in items.enumerated() {
            let more = Self.rows(of: item)
            if place > 0, rows + more > room { return (place, rows) }
            rows += more
        }
        return (items.count, rows)
    }
}
