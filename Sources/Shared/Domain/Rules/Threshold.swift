/// A registered volume T and its breaches.
///
/// With `a` allowed queries in the day or window, the query that would be number n = a + 1 **is breach k
/// when n > k × T** for the first time. The letter says "vượt quá ngưỡng 02 lần/ngày sẽ bị khóa"
/// (docs/domain.md#l11); k × T serves its two likely readings, and is our decision (docs/domain.md#breach).
/// At breach `lockAt` = 2 the query is refused, so exactly 2T pass.
public struct Threshold: Hashable, Sendable {
    /// Registered queries; 0 means nothing is registered.
    public let registered: Int64

    public init(registered: Int64) { self.registered = registered }

    /// The highest breach that query number `n` has reached: the greatest k with n > k × T; 0 for none.
    /// Without a registered volume there is no breach: rule R8 judges that.
    public func breach(atQuery n: Int64) -> Int {
        guard registered > 0, n > registered else { return 0 }
        return Int(clamping: n.subtracting(1) / registered)
    }

    /// Whether query number `n` is the first of breach `k`.
    public func isFirst(ofBreach k: Int, query n: Int64) -> Bool {
        breach(atQuery: n) == k && breach(atQuery: n.subtracting(1)) < k
    }

    /// How many queries pass before breach `k` refuses: k × T.
    public func passing(beforeBreach k: Int) -> Int64 {
        registered.multiplied(by: Int64(k))
    }
}

/// One crossing of a threshold, reported in the summary that is then sent at once.
public struct Breach: Hashable, Codable, Sendable {
    public let rule: RuleID
    public let scope: Scope
    /// The day or window: `2026-11-24`, or `2026-11-24/office`.
    public let key: String
    /// 1 for the first crossing, 2 for the second, …
    public let k: Int
    public let at: Timestamp
    /// Allowed queries when it happened.
    public let count: Int64
    public let threshold: Int64

    public init(
        rule: RuleID, scope: Scope, key: String, k: Int, at: Timestamp, count: Int64,
        threshold: Int64
    ) {
        self.rule = rule
        self.scope = scope
        self.key = key
        self.k = k
        self.at = at
        self.count = count
        self.threshold = threshold
    }
}

/// What a release leaves behind, so that releasing really releases: the same rule does not lock the same
/// scope again in that day or window before breach `nextK`. Honoured by agent and collector.
public struct Waiver: Hashable, Codable, Sendable {
    public let rule: RuleID
    public let scope: Scope
    public let key: String
    public let nextK: Int

    public init(rule: RuleID, scope: Scope, key: String, nextK: Int) {
        self.rule = rule
        self.scope = scope
        self.key = key
        self.nextK = nextK
    }

    enum CodingKeys: String, CodingKey {
        case rule, scope, key
        case nextK = "next_k"
    }
}
