import Domain

/// A question about totals.
struct UsageQuestion: Sendable {
    var from: Timestamp?
    var to: Timestamp?
    var unit: String?
    var system: String?
    var service: String?
    var account: String?
    var window: String?

    /// Hours since 1970 whose beginning lies in the question; nil: without end.
    var firstHour: Int64? { from.map(Self.hour) }
    var endHour: Int64? { to.map(Self.hour) }

    private static func hour(atOrAfter time: Timestamp) -> Int64 {
        let hour = time.hourStart
        return hour.milliseconds / Timestamp.millisecondsPerHour + (hour < time ? 1 : 0)
    }
}
