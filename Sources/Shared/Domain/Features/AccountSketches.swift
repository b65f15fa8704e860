/// The sets of an account, kept until their summary is signed; the summary tells only their sizes. They hold hashes
/// under the key of the day.
public struct AccountSketches: Hashable, Sendable {
    static let precision = 10
    static let sourcesKept = 4

    /// The subjects of allowed queries.
    public internal(set) var subjects = DistinctCounter(precision: precision)
    /// The officers (`MaCanBo`) of all attempts.
    public internal(set) var officers = DistinctCounter(precision: precision)
    /// The addresses of all attempts.
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

/// How many different subjects, officers and sources an account's queries named, and how many its busiest source sent.
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

    /// Adds counts without sketches. The sums are upper bounds, since both may have some in common.
    mutating func addAtMost(_ other: DistinctCounts) {
        subjects = saturatingSum(subjects, other.subjects)
        officers = saturatingSum(officers, other.officers)
        sources = saturatingSum(sources, other.sources)
        topSource = saturatingSum(topSource, other.topSource)
    }
}
