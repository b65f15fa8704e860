/// At most `limit` queries in `period` (R9), evenly spread with bursts up to `limit`.
public struct Rate: Hashable, Codable, Sendable {
    public let limit: Int64
    public let periodMilliseconds: Int64

    public init(limit: Int64, periodMilliseconds: Int64) {
        self.limit = limit
        self.periodMilliseconds = periodMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case limit
        case periodMilliseconds = "period_ms"
    }
}

/// What R9 limits, and how it hardens when a source continues all the same.
public struct RateSetting: Hashable, Codable, Sendable {
    /// The limit of each account; nil means none.
    public var account: Rate?
    /// The limit of each source address; it applies only where trusted client addresses arrive.
    public var source: Rate?
    /// After this many refusals in a row the verdict is `challenge` (the portal's captcha); 0 means never.
    public var challengeAt: Int
    /// After this many refusals in a row the verdict is `deny`; 0 means never.
    public var denyAt: Int

    public init(account: Rate? = nil, source: Rate? = nil, challengeAt: Int = 0, denyAt: Int = 0) {
        self.account = account
        self.source = source
        self.challengeAt = challengeAt
        self.denyAt = denyAt
    }

    enum CodingKeys: String, CodingKey {
        case account, source
        case challengeAt = "challenge_at"
        case denyAt = "deny_at"
    }
}

/// Measures how fast one source sends, by the generic cell rate algorithm, which keeps one moment for each source.
public struct RateMeter: Hashable, Sendable {
    /// When the source will have paid for all that it sent, in microseconds.
    private var paidAt: Int64 = 0
    /// Refusals since the last query that passed.
    public private(set) var refusedInRow = 0

    public init() {}

    /// Returns nil when the query is within the rate, which counts it; else the milliseconds until a query may pass.
    public mutating func take(_ rate: Rate, at now: Timestamp) -> Int64? {
        let cost = max(1, rate.periodMilliseconds * 1000 / max(1, rate.limit))
        let burst = cost * (max(1, rate.limit) - 1)
        let time = now.milliseconds * 1000
        // A clock that stepped back must not shut a source out for the length of the step.
        if paidAt - time > burst + cost + rate.periodMilliseconds * 1000 { paidAt = time }
        let start = max(paidAt, time)
        guard start - time <= burst else {
            refusedInRow += 1
            return (start - time - burst + 999) / 1000
        }
        paidAt = start + cost
        refusedInRow = 0
        return nil
    }

    /// Whether the source has been quiet for so long that its meter tells nothing more.
    public func isIdle(at now: Timestamp) -> Bool {
        paidAt <= now.milliseconds * 1000
    }
}
