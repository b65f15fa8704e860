/// What was counted for one account and service in one clock hour.
public struct SummaryRow: Hashable, Sendable {
    public var login: Login
    public var service: ServiceName
    /// Start of the clock hour.
    public var hour: Timestamp
    public var window: WindowKind
    /// Authorised by the agent (not: answered by the NPD).
    public var allowed: Int64
    /// Refused, by reason.
    public var denied: [String: Int64]
    /// Went through while the agent was down.
    public var passed: Int64
    /// Allowed although a rule would have refused, by reason: systems in observe mode.
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

    /// Lượt truy vấn, whatever became of them.
    public var queries: Int64 { allowed.adding(passed).adding(deniedTotal) }

    public mutating func add(_ other: SummaryRow) {
        allowed = allowed.adding(other.allowed)
        passed = passed.adding(other.passed)
        denied.merge(other.denied) { $0.adding($1) }
        would.merge(other.would) { $0.adding($1) }
    }

    /// Numbers that no honest agent sends. The sum of many must not overflow either.
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
