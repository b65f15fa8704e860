/// Hạn mức bổ sung tạm thời: a temporary raise of a registered volume, with an end.
public struct Allowance: Hashable, Codable, Sendable {
    public let rule: RuleID
    public let scope: Scope
    /// Queries on top of the registered volume, in each day or window while the allowance is in force.
    public let queries: Int64
    public let from: Timestamp
    public let until: Timestamp

    public init(rule: RuleID, scope: Scope, queries: Int64, from: Timestamp, until: Timestamp) {
        self.rule = rule
        self.scope = scope
        self.queries = queries
        self.from = from
        self.until = until
    }

    public func isInForce(at time: Timestamp) -> Bool { from <= time && time < until }
}

/// An accepted automation notice (thông báo chạy tiến trình tự động): which service runs by itself, on which dates
/// and hours, and how much.
public struct Notice: Hashable, Codable, Sendable {
    public let service: ServiceName
    /// The first and the last date, both included.
    public let from: CalendarDate
    public let to: CalendarDate
    /// The clock hours of the Vietnamese day in which it runs, 0…23.
    public let hours: Set<Int>
    public let perDay: Int64
    /// Whether a plan was agreed with the centre; only then it lifts the cap of 1,000.
    public let hasPlan: Bool

    public init(
        service: ServiceName, from: CalendarDate, to: CalendarDate, hours: Set<Int>, perDay: Int64,
        hasPlan: Bool
    ) {
        self.service = service
        self.from = from
        self.to = to
        self.hours = hours
        self.perDay = perDay
        self.hasPlan = hasPlan
    }

    enum CodingKeys: String, CodingKey {
        case service, from, to, hours
        case perDay = "per_day"
        case hasPlan = "has_plan"
    }

    /// Whether one of its hours has begun in the window of a date.
    public func hasBegun(in window: Range<Timestamp>, of date: CalendarDate, at now: Timestamp)
        -> Bool
    {
        guard (from...max(from, to)).contains(date) else { return false }
        var hour = window.lowerBound
        while hour <= now, hour < window.upperBound {
            if hours.contains(hour.hourOfDay) { return true }
            hour = hour.advanced(byMilliseconds: Timestamp.millisecondsPerHour)
        }
        return false
    }
}
