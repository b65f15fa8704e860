import Domain

/// A question about totals.
package struct UsageQuestion: Sendable {
    package var from: Timestamp?
    package var to: Timestamp?
    package var unit: String?
    package var system: String?
    package var service: String?
    package var account: String?
    package var window: String?

    package init(
        from: Timestamp? = nil, to: Timestamp? = nil, unit: String? = nil, system: String? = nil,
        service: String? = nil, account: String? = nil, window: String? = nil
    ) {
        self.from = from
        self.to = to
        self.unit = unit
        self.system = system
        self.service = service
        self.account = account
        self.window = window
    }

    /// The first hour (since 1970) that the question covers; nil if it has no beginning.
    package var firstHour: Int64? { from.map(Self.hour) }
    package var endHour: Int64? { to.map(Self.hour) }

    private static func hour(atOrAfter time: Timestamp) -> Int64 {
        let hour = time.hourStart
        return hour.milliseconds / Timestamp.millisecondsPerHour + (hour < time ? 1 : 0)
    }
}
