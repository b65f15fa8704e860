/// The key under which agents hash subjects, officers and sources for the sketches of one calendar date. The nation
/// shares it, so that units' sketches compare. Agents drop it after the date, the centre 7 days later
/// (docs/domain.md#promise-4).
public struct DayKey: Hashable, Codable, Sendable, CustomStringConvertible {
    public static let bytes = 32
    /// How many days after the date the centre keeps it.
    public static let keptDays = 7

    public let date: CalendarDate
    /// The key as base64url.
    public let key: String

    public init(date: CalendarDate, key: String) {
        self.date = date
        self.key = key
    }

    public var description: String { "\(date) <redacted>" }

    /// The dates whose keys a policy carries at a moment. Systems change over one after the other in the first hour of
    /// a date, by `place` (any number of the system's own), so that not all policies are signed and fetched at once.
    public static func dates(at now: Timestamp, place: UInt64) -> [CalendarDate] {
        let minute = Int64(place % 60)
        let changed = now.advanced(byMilliseconds: -minute * 60_000).date
        return [changed, changed.next]
    }
}
