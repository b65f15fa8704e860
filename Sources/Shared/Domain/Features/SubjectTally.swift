/// What an account's allowed queries say of the citizens it asked for, without naming one.
public struct SubjectTally: Hashable, Sendable {
    /// Queries for somebody born in the unit's province as it is now.
    public internal(set) var home: UInt32 = 0
    /// Born in another province; for a unit without a province, in any.
    public internal(set) var elsewhere: UInt32 = 0
    /// Born abroad, or a number that names no place.
    public internal(set) var unplaced: UInt32 = 0
    /// The longest run of consecutive subject numbers, of three and more, that one of its queries lengthened.
    public internal(set) var longestRun: UInt32 = 0
    /// Subjects that its queries brought into runs of three and more.
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
