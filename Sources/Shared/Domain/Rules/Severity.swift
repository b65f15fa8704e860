/// How loudly staff are told of something.
public enum Severity: String, Codable, CaseIterable, Comparable, Sendable {
    /// To be read when there is time.
    case info
    /// To be looked at in this shift.
    case warning
    /// To be looked at now: somebody is locked, or figures cannot be trusted.
    case critical

    /// 0, 1, 2: as it is stored and compared.
    public var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }

    /// An unknown number is taken as the loudest: better heard than lost.
    public init(rank: Int) {
        self = Self.allCases.first { $0.rank == rank } ?? .critical
    }

    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
}
