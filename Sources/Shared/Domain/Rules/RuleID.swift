/// The rules of docs/domain.md#rules. All ids are valid in configuration from the first version on.
public enum RuleID: String, Codable, CaseIterable, Sendable {
    case r1 = "R1", r2 = "R2", r3 = "R3", r4 = "R4", r5 = "R5"
    case r6 = "R6", r7 = "R7", r8 = "R8", r9 = "R9", r10 = "R10"
    case x1 = "X1", x2 = "X2", x3 = "X3", x4 = "X4", x5 = "X5", x6 = "X6", x7 = "X7"
    case i1 = "I1", i2 = "I2", i3 = "I3"
}

/// What a rule may do when it finds something, from nothing to locking by itself.
public enum Effect: String, Codable, CaseIterable, Sendable {
    /// The rule is not evaluated.
    case off
    /// The finding is recorded; nothing is refused.
    case observe
    case alert, throttle
    case refuse
    /// Staff are alerted, and a lock waits for them.
    case propose
    /// The query is refused and the scope locked.
    case lock

    /// Whether an agent refuses a query by itself under this effect.
    public var refuses: Bool { self == .refuse || self == .lock }
    /// Whether staff are told under this effect.
    public var alerts: Bool { self != .off && self != .observe }
}

/// The settings of one rule: `policy.rules.<id>`.
public struct RuleSetting: Hashable, Codable, Sendable {
    public var effect: Effect
    /// The breach (1, 2, …) at which staff are told.
    public var alertAt: Int
    /// The breach at which the query is refused and the scope locked; 2 by default (docs/domain.md#l11).
    public var lockAt: Int
    /// X1: how far apart two activities may be and still overlap; I3: how long an agent may be silent. In milliseconds.
    public var withinMilliseconds: Int64
    /// R3: the most queries of a system in one off window; 1,000 by default (docs/domain.md#l12).
    public var cap: Int64
    /// Only R9 has rates.
    public var rates: RateSetting?

    public init(
        effect: Effect, alertAt: Int = 1, lockAt: Int = 2,
        withinMilliseconds: Int64 = 600_000, cap: Int64 = 1000, rates: RateSetting? = nil
    ) {
        self.effect = effect
        self.alertAt = alertAt
        self.lockAt = lockAt
        self.withinMilliseconds = withinMilliseconds
        self.cap = cap
        self.rates = rates
    }

    enum CodingKeys: String, CodingKey {
        case effect
        case alertAt = "alert_at"
        case lockAt = "lock_at"
        case withinMilliseconds = "within_ms"
        case cap, rates
    }

    /// The defaults of docs/domain.md#rules.
    public static func standard(_ rule: RuleID) -> RuleSetting {
        switch rule {
        case .r1, .r2, .r3: RuleSetting(effect: .lock)
        case .r8: RuleSetting(effect: .refuse)
        case .r4, .r5, .r6, .r7, .x1, .x6: RuleSetting(effect: .propose)
        // No limit is set by default, so R9 throttles nobody until one is.
        case .r9: RuleSetting(effect: .throttle)
        case .i3: RuleSetting(effect: .alert, withinMilliseconds: 900_000)
        default: RuleSetting(effect: .alert)
        }
    }
}
