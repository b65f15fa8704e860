/// What an account's allowed queries tell about the citizens they named, without naming one.
public struct SubjectTally: Hashable, Sendable {
    /// Queries for somebody born in the unit's province, with its present borders.
    public internal(set) var home: UInt32 = 0
    /// Queries for somebody born in another province; in any, if the unit has no province.
    public internal(set) var elsewhere: UInt32 = 0
    /// Queries for somebody born abroad, or with a number that names no place.
    public internal(set) var unplaced: UInt32 = 0
    /// The longest run of three or more consecutive subject numbers that one of its queries lengthened.
    public internal(set) var longestRun: UInt32 = 0
    /// Subjects that its queries brought into runs of three or more.
    public internal(set) var inRuns: UInt32 = 0

    public enum Birthplace: Sendable {
        case home, elsewhere, unplaced
    }

    public init() {}

    public mutating func note(_ birthplace: Birthplace) {
        switch birthplace {
        case .home: home = saturatingSum(home, 1)
        case .elsewhere: elsewhere = saturatingSum(elsewhere, 1)
        case .unplaced: unplaced = saturatingSum(unplaced, 1)
        }
    }

    public mutating func note(_ step: SubjectRuns.Step) {
        guard step.length >= SubjectRuns.lengthMin else { return }
        longestRun = max(longestRun, UInt32(clamping: step.length))
        inRuns = saturatingSum(inRuns, UInt32(clamping: step.joined))
    }

    public mutating func merge(_ other: SubjectTally) {
        home = saturatingSum(home, other.home)
        elsewhere = saturatingSum(elsewhere, other.elsewhere)
        unplaced = saturatingSum(unplaced, other.unplaced)
        longestRun = max(longestRun, other.longestRun)
        inRuns = saturatingSum(inRuns, other.inRuns)
    }
}
