/// The counts of one account and service in one clock hour.
public struct SummaryRow: Hashable, Sendable {
    public var login: Login
    public var service: ServiceName
    /// The start of the clock hour.
    public var hour: Timestamp
    public var window: WindowKind
    /// Queries that the agent authorised, whether or not the NPD answered them.
    public var allowed: Int64
    /// Refused queries, by reason.
    public var denied: [String: Int64]
    /// Queries that went through while the agent was down.
    public var passed: Int64
    /// Allowed queries that a rule would have refused, by reason; told by systems in observe mode.
    public var would: [String: Int64]

    public init(
        login: Login, service: ServiceName, hour: Timestamp, window: WindowKind,
        allowed: Int64 = 0, denied: [String: Int64] = [:], passed: Int64 = 0,
        would: [String: Int64] = [:]
    ) {
        self.login = login
        self.service = service
        self.hour = hour
        self.window = window
        self.allowed = allowed
        self.denied = denied
        self.passed = passed
        self.would = would
    }

    public var deniedTotal: Int64 { denied.values.saturatingSum }

    /// Lượt truy vấn, whatever their outcome.
    public var queries: Int64 { allowed.adding(passed).adding(deniedTotal) }

    public mutating func add(_ other: SummaryRow) {
        allowed = allowed.adding(other.allowed)
        passed = passed.adding(other.passed)
        denied.merge(other.denied) { $0.adding($1) }
        would.merge(other.would) { $0.adding($1) }
    }

    /// Whether every number lies where an honest agent's can, so that the sum of many does not overflow either.
    public var isPlausible: Bool {
        let limit: Int64 = 1 << 40
        return ([allowed, passed] + denied.values + would.values).allSatisfy {
            (0...limit).contains($0)
        }
            && denied.count <= 16 && would.count <= 16
            && denied.keys.allSatisfy(isReasonName) && would.keys.allSatisfy(isReasonName)
            && hour.milliseconds % Timestamp.millisecondsPerHour == 0
    }
}
