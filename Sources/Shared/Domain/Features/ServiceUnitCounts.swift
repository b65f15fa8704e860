/// Allowed queries by `MaDVC`, the code of the public service for which they were made: the first few different codes
/// apart, the rest together.
public struct ServiceUnitCounts: Hashable, Sendable {
    public static let namesMax = 4
    /// A longer code is counted with the rest.
    public static let nameBytesMax = 64

    public struct Entry: Hashable, Sendable {
        public let name: String
        public var count: UInt32

        public init(name: String, count: UInt32) {
            self.name = name
            self.count = count
        }
    }

    public internal(set) var entries: [Entry] = []
    public internal(set) var others: UInt32 = 0

    public init() {}

    public init(_ entries: [Entry], others: UInt32) {
        for entry in entries { add(entry.name, entry.count) }
        self.others = saturatingSum(self.others, others)
    }

    /// Counts a code; beyond `namesMax` different codes a new one counts with the rest.
    public mutating func add(_ name: String, _ count: UInt32 = 1) {
        if let place = entries.firstIndex(where: { $0.name == name }) {
            entries[place].count = saturatingSum(entries[place].count, count)
        } else if entries.count < Self.namesMax, name.utf8.count <= Self.nameBytesMax {
            entries.append(Entry(name: name, count: count))
        } else {
            others = saturatingSum(others, count)
        }
    }

    /// Adds other counts. The result is exact while both together have no more than `namesMax` codes.
    public mutating func merge(_ other: ServiceUnitCounts) {
        for entry in other.entries { add(entry.name, entry.count) }
        others = saturatingSum(others, other.others)
    }
}
