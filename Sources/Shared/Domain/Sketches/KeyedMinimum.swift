/// A set kept by its k smallest keyed hashes (KMV), which tells its size and what two sets have in common. It is
/// exact below k values; above, the size has a standard error of 1 / √(k − 2), 3.1 % at 1,024. Each kept value takes
/// 16 bytes while it grows, 8 in its serialised form.
///
/// With the same key, sets of several units can be compared. The merge of two sketches *equals* the sketch of the
/// union, in whatever order and grouping.
public struct KeyedMinimum: Sendable {
    public static let sizes = 16...4096

    public let k: Int
    /// Sorted and different, at most k.
    private var smallest: [UInt64] = []
    /// Values that came since, each below the threshold; unsorted, with repetitions, at most k.
    private var recent: [UInt64] = []

    public init(k: Int = 1024) {
        self.k = min(max(k, Self.sizes.lowerBound), Self.sizes.upperBound)
    }

    /// Nil unless `values` are sorted, different and at most k.
    init?(k: Int, values: [UInt64]) {
        guard Self.sizes.contains(k), values.count <= k,
            zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        self.k = k
        smallest = values
    }

    /// Takes an amortised few operations; nearly all values of a large set end at the first comparison.
    public mutating func insert(_ hash: UInt64) {
        if smallest.count == k, hash >= smallest[k - 1] { return }
        recent.append(hash)
        if recent.count >= k { settle() }
    }

    /// Merges another sketch; the smaller k of both becomes the k of the result.
    public mutating func merge(_ other: KeyedMinimum) {
        let k = min(k, other.k)
        self = KeyedMinimum(
            k: k, unchecked: Self.smallest(k, of: values + other.values))
    }

    private init(k: Int, unchecked values: [UInt64]) {
        self.k = k
        smallest = values
    }

    private mutating func settle() {
        smallest = Self.smallest(k, of: smallest + recent)
        recent.removeAll(keepingCapacity: true)
    }

    private static func smallest(_ k: Int, of values: [UInt64]) -> [UInt64] {
        var kept: [UInt64] = []
        kept.reserveCapacity(min(k, values.count))
        for value in values.sorted() where value != kept.last {
            if kept.count == k { break }
            kept.append(value)
        }
        return kept
    }

    /// The k smallest values, sorted.
    public var values: [UInt64] {
        recent.isEmpty ? smallest : Self.smallest(k, of: smallest + recent)
    }

    public var isEmpty: Bool { smallest.isEmpty && recent.isEmpty }

    // MARK: estimates

    /// The share of all hashes below which every value is known, and these values: those kept, except the k-th, which
    /// sets the share.
    private static func known(_ values: [UInt64], _ k: Int) -> (
        values: ArraySlice<UInt64>, share: Double
    ) {
        guard values.count == k, let last = values.last else { return (values[...], 1) }
        return (values.dropLast(), Double(last) / 0x1p64)
    }

    /// About how many different values were inserted.
    public var estimate: Double {
        let (known, share) = Self.known(values, k)
        return Double(known.count) / share
    }

    /// About how many values are in both sets.
    public func intersection(_ other: KeyedMinimum) -> Double { common(other).estimate }

    /// About how many values are in both sets, and how many kept values show it; a few say little.
    public func common(_ other: KeyedMinimum) -> (estimate: Double, seen: Int) {
        let ours = Self.known(values, k)
        let theirs = Self.known(other.values, other.k)
        let share = min(ours.share, theirs.share)
        let (a, b) = (Array(ours.values), Array(theirs.values))
        var (i, j, seen) = (0, 0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                if Double(a[i]) / 0x1p64 < share { seen += 1 }
                i += 1
                j += 1
            } else if a[i] < b[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return (Double(seen) / share, seen)
    }
}

extension KeyedMinimum: Hashable {
    public static func == (a: KeyedMinimum, b: KeyedMinimum) -> Bool {
        a.k == b.k && a.values == b.values
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(k)
        hasher.combine(values)
    }
}
