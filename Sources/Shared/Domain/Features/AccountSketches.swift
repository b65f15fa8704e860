/// What an account's sets are kept by until their summary is signed; of them a summary tells numbers only. Filled
/// with hashes under the key of the day.
public struct AccountSketches: Hashable, Sendable {
    static let precision = 10
    static let sourcesKept = 4

    /// Of allowed queries.
    public internal(set) var subjects = DistinctCounter(precision: precision)
    /// `MaCanBo`, of all attempts.
    public internal(set) var officers = DistinctCounter(precision: precision)
    /// Addresses, of all attempts.
    public internal(set) var sources = DistinctCounter(precision: precision)
    public internal(set) var topSources = TopSources(k: sourcesKept)

    public init() {}

    public mutating func note(subject hash: UInt64) { subjects.insert(hash) }
    public mutating func note(officer hash: UInt64) { officers.insert(hash) }

    public mutating func note(source hash: UInt64) {
        sources.insert(hash)
        topSources.add(hash)
    }

    public mutating func merge(_ other: AccountSketches) {
        subjects.merge(other.subjects)
        officers.merge(other.officers)
        sources.merge(other.sources)
        topSources.merge(other.topSources)
    }

    public var counts: DistinctCounts {
        DistinctCounts(
            subjects: subjects.count, officers: officers.count, sources: sources.count,
            topSource: topSources.most)
    }
}

/// How many different subjects, officers and sources an account's queries named, and what its busiest source sent.
public struct DistinctCounts: Hashable, Sendable {
    public var subjects: UInt32 = 0
    public var officers: UInt32 = 0
    public var sources: UInt32 = 0
    public var topSource: UInt32 = 0

    public init(
        subjects: UInt32 = 0, officers: UInt32 = 0, sources: UInt32 = 0, topSource: UInt32 = 0
    ) {
        self.subjects = subjects
        self.officers = officers
        self.sources = sources
        self.topSource = topSource
    }

    /// Without the sketches: no fewer than there are, since some may be in both.
    mutating func addAtMost(_ other: DistinctCounts) {
        subjects = saturatingSum(subjects, other.subjects)
        officers = saturatingSum(officers, other.officers)
        sources = saturatingSum(sources, other.sources)
        topSource = saturatingSum(topSource, other.topSource)
    }
}
