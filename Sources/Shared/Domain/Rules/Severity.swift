/// How loudly staff are told of something.
public enum Severity: String, Codable, CaseIterable, Comparable, Sendable {
    /// Staff read it when they have time.
    case info
    /// Staff look at it in this shift.
    case warning
    /// Staff look at it now: somebody is locked, or figures cannot be trusted.
    case critical

    /// The number that is stored and compared: 0, 1 or 2.
    public var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }

    /// An unknown number counts as the loudest: it is better heard than lost.
    public init(rank: Int) {
        self = Self.allCases.first { $0.rank == rank } ?? .critical
    }

    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
}
