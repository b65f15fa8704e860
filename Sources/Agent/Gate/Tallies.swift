import Domain

/// Allowed queries towards each quota: this agent's own, and what the collector told of the system's
/// other agents. Of a few days, so that a clock that steps over a boundary and back forgets nothing.
struct Tallies {
    static let daysMax = 3

    private var own: [CalendarDate: [Quota.ID: Int64]] = [:]
    private var others: [Quota.ID: Int64] = [:]

    /// Own and others' allowed queries.
    func count(_ id: Quota.ID) -> Int64 {
        (own[id.date]?[id] ?? 0) + (others.isEmpty ? 0 : others[id] ?? 0)
    }

    mutating func add(_ count: Int64, to ids: [Quota.ID]) {
        for id in ids {
            if own[id.date] == nil { makeRoom(for: id.date) }
            own[id.date, default: [:]][id, default: 0] += count
        }
    }

    /// Replaces what was told of the quotas of `counts`; those of past days are dropped.
    mutating func adoptOthers(_ counts: [Quota.ID: Int64]) {
        let last = counts.keys.map(\.date).max()
        others = others.filter { id, _ in last.map { id.date >= $0.previous } ?? true }
        others.merge(counts) { _, new in new }
    }

    private mutating func makeRoom(for date: CalendarDate) {
        while own.count >= Self.daysMax, let oldest = own.keys.min(), oldest < date {
            own[oldest] = nil
        }
    }
}
