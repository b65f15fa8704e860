import Domain

/// What was counted, by system and clock hour.
struct Totals: Equatable {
    struct Key: Hashable {
        let system: SystemCode
        let hour: Timestamp
    }

    private(set) var counts: [Key: Int64] = [:]

    mutating func add(_ count: Int64, _ system: SystemCode, _ hour: Timestamp) {
        counts[Key(system: system, hour: hour), default: 0] += count
    }

    /// Where `other` has another count: what is here, and there.
    func differences(from other: Totals) -> [(key: Key, ours: Int64, theirs: Int64)] {
        Set(counts.keys).union(other.counts.keys).compactMap { key in
            let (ours, theirs) = (counts[key] ?? 0, other.counts[key] ?? 0)
            return ours == theirs ? nil : (key, ours, theirs)
        }.sorted { ($0.key.system, $0.key.hour) < ($1.key.system, $1.key.hour) }
    }
}

/// Latencies in milliseconds; the largest of all, and a million for the rest.
struct Latencies {
    private static let keptMax = 1_000_000
    private var values: [Int64] = []
    private(set) var most: Int64 = 0
    private(set) var count = 0

    mutating func add(_ milliseconds: Int64) {
        count += 1
        most = max(most, milliseconds)
        if values.count < Self.keptMax { values.append(milliseconds) }
    }

    /// Of one in a hundred parts; 0 of nothing.
    func percentile(_ percent: Int) -> Int64 {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[min(values.count - 1, values.count * percent / 100)]
    }
}
