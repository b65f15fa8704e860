import Domain

/// What goes into one of the summaries that tell of an interval: at most 256 KiB each (design 07).
struct SummaryPart {
    var rows: [SummaryRow] = []
    var breaches: [Breach] = []
    var refusals: [LockRefusals] = []

    /// Spreads an interval over as many summaries as its size needs. Escapes may make six bytes of one,
    /// and base64 adds a third to all.
    static func packed(_ interval: Interval) -> [SummaryPart] {
        var groups = [SummaryPart()]
        var bytes = 0
        func makeRoom(_ size: Int) {
            if bytes + size > 150_000 {
                groups.append(SummaryPart())
                bytes = 0
            }
            bytes += size
        }
        for row in interval.rows {
            makeRoom(
                160 + 40 * (row.denied.count + row.would.count)
                    + 6 * (row.login.rawValue.utf8.count + row.service.rawValue.utf8.count))
            groups[groups.count - 1].rows.append(row)
        }
        for breach in interval.breaches {
            makeRoom(200 + 6 * breach.scope.description.utf8.count)
            groups[groups.count - 1].breaches.append(breach)
        }
        for refusal in interval.refusals {
            makeRoom(120 + 6 * refusal.lock.utf8.count)
            groups[groups.count - 1].refusals.append(refusal)
        }
        return groups
    }
}
