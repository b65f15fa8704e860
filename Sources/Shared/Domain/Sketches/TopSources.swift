/// The sources that sent most, by keyed hash (space-saving, Metwally et al.). It is exact for up to k different ones;
/// beyond that every source with more than 1/k of all is kept, and a count is too high by at most its `error`.
public struct TopSources: Hashable, Sendable {
    public static let sizes = 1...256

    public struct Entry: Hashable, Sendable {
        public let key: UInt64
        public var count: UInt32
        /// How much of `count` may belong to others.
        public var error: UInt32
    }

    /// Most accounts have one source, and there are thousands of them, so one entry needs no array.
    private enum Form: Hashable, Sendable {
        case none
        case one(Entry)
        case many([Entry])
    }

    private var form = Form.none
    public let k: UInt16

    /// The entries in the order in which they came.
    public private(set) var entries: [Entry] {
        get {
            switch form {
            case .none: []
            case .one(let entry): [entry]
            case .many(let entries): entries
            }
        }
        set {
            form =
                newValue.isEmpty ? .none : newValue.count == 1 ? .one(newValue[0]) : .many(newValue)
        }
    }

    public init(k: Int) {
        self.k = UInt16(min(max(k, Self.sizes.lowerBound), Self.sizes.upperBound))
    }

    /// Nil unless the keys are different and at most k.
    init?(k: Int, entries: [Entry]) {
        guard Self.sizes.contains(k), entries.count <= k,
            Set(entries.map(\.key)).count == entries.count,
            entries.allSatisfy({ $0.error <= $0.count })
        else { return nil }
        self.k = UInt16(k)
        self.entries = entries
    }

    public mutating func add(_ key: UInt64, _ count: UInt32 = 1) {
        switch form {
        case .none: form = .one(Entry(key: key, count: count, error: 0))
        case .one(var entry) where entry.key == key:
            entry.count = saturatingSum(entry.count, count)
            form = .one(entry)
        case .one(let entry):
            var entries = [entry]
            add(key, count, to: &entries)
            self.entries = entries
        case .many(var entries):
            // The array is taken out so that it is changed in place.
            form = .none
            add(key, count, to: &entries)
            form = .many(entries)
        }
    }

    private func add(_ key: UInt64, _ count: UInt32, to entries: inout [Entry]) {
        if let place = entries.firstIndex(where: { $0.key == key }) {
            entries[place].count = saturatingSum(entries[place].count, count)
        } else if entries.count < Int(k) {
            entries.append(Entry(key: key, count: count, error: 0))
        } else if let least = entries.indices.min(by: { entries[$0].count < entries[$1].count }) {
            let former = entries[least].count
            entries[least] = Entry(key: key, count: saturatingSum(former, count), error: former)
        }
    }

    /// Adds the counts of both. A source that only one keeps may have had as many in the other as the other's least
    /// (Agarwal et al., "Mergeable summaries"). The result is exact while both together know no more than k.
    public mutating func merge(_ other: TopSources) {
        let (ourLeast, theirLeast) = (least, other.least)
        var merged: [Entry] = []
        for entry in entries {
            let theirs = other.entries.first { $0.key == entry.key }
            merged.append(
                Entry(
                    key: entry.key, count: saturatingSum(entry.count, theirs?.count ?? theirLeast),
                    error: saturatingSum(entry.error, theirs?.error ?? theirLeast)))
        }
        for entry in other.entries where !entries.contains(where: { $0.key == entry.key }) {
            merged.append(
                Entry(
                    key: entry.key, count: saturatingSum(entry.count, ourLeast),
                    error: saturatingSum(entry.error, ourLeast)))
        }
        if merged.count > Int(k) {
            merged.sort { ($1.count, $0.key) < ($0.count, $1.key) }
            merged.removeLast(merged.count - Int(k))
        }
        entries = merged
    }

    /// A source that is not kept has sent no more than this.
    private var least: UInt32 {
        entries.count < Int(k) ? 0 : entries.map(\.count).min() ?? 0
    }

    /// The entries, the most first.
    public var ranked: [Entry] {
        entries.sorted { ($1.count, $0.key) < ($0.count, $1.key) }
    }

    /// How many queries the busiest source sent.
    public var most: UInt32 { entries.map(\.count).max() ?? 0 }
}

/// Does the same as `adding`, for two values of one type.
func saturatingSum<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a.adding(b) }
