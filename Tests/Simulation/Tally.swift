import Domain

/// How often something was counted, told apart as totals are.
struct Tally {
    struct Key: Hashable, CustomStringConvertible {
        var login: String
        var service: String
        var hour: Timestamp
        var window: WindowKind
        /// `allowed`, `denied R1`, `would R1`.
        var counter: String

        var description: String { "\(login) \(service) \(hour) \(window.rawValue) \(counter)" }
    }

    private(set) var counts: [Key: Int64] = [:]

    subscript(_ key: Key) -> Int64 { counts[key] ?? 0 }

    mutating func add(_ count: Int64, _ key: Key) {
        if count != 0 { counts[key, default: 0] += count }
    }

    mutating func add(_ other: Tally) {
        for (key, count) in other.counts { add(count, key) }
    }

    mutating func add(_ row: SummaryRow) {
        for (counter, count) in Self.counters(of: row) { add(count, Self.key(row, counter)) }
    }

    static func key(_ row: SummaryRow, _ counter: String) -> Key {
        Key(
            login: row.login.rawValue, service: row.service.rawValue, hour: row.hour,
            window: row.window, counter: counter)
    }

    static func counters(of row: SummaryRow) -> [(String, Int64)] {
        [("allowed", row.allowed), ("passed", row.passed)]
            + row.denied.map { ("denied \($0.key)", $0.value) }
            + row.would.map { ("would \($0.key)", $0.value) }
    }

    /// What is here and not there.
    func less(_ other: Tally) -> Tally {
        var rest = Tally()
        for (key, count) in counts { rest.add(max(0, count - other[key]), key) }
        return rest
    }

    func smaller(of other: Tally) -> Tally {
        var least = Tally()
        for (key, count) in counts { least.add(min(count, other[key]), key) }
        return least
    }

    /// Names folded together: as many of each counter in each hour.
    var withoutNames: Tally {
        var all = Tally()
        for (key, count) in counts {
            var key = key
            (key.login, key.service) = ("", "")
            all.add(count, key)
        }
        return all
    }

    /// Hours and windows put together: as many of each counter of each name.
    var withoutTimes: Tally {
        var all = Tally()
        for (key, count) in counts {
            var key = key
            (key.hour, key.window) = (Timestamp(milliseconds: 0), .office)
            all.add(count, key)
        }
        return all
    }

    func sum(where isMeant: (Key) -> Bool) -> Int64 {
        counts.reduce(0) { $0 + (isMeant($1.key) ? $1.value : 0) }
    }

    var total: Int64 { sum { _ in true } }
    /// What rules would have refused is said of queries that are counted beside it.
    var queries: Int64 { sum { !$0.counter.hasPrefix("would ") } }
}
