/// A point in time: milliseconds since 1970-01-01T00:00:00Z. It is shown in Vietnamese time, UTC+7, which has no
/// daylight saving and is a constant here, never the machine's zone (docs/domain.md#time).
public struct Timestamp: Hashable, Comparable, Sendable {
    public static let millisecondsPerHour: Int64 = 3_600_000
    public static let millisecondsPerDay: Int64 = 86_400_000
    /// Asia/Ho_Chi_Minh, seven hours east of UTC.
    public static let zoneOffset: Int64 = 7 * millisecondsPerHour

    /// The years 1 to 9999 in Vietnamese time, which RFC 3339 can write. The difference of two such times, and a
    /// thousand times one, fit in 64 bits.
    public static let range = first.milliseconds...last.milliseconds
    public static let first = Timestamp(CalendarDate.first)
    public static let last = Timestamp(milliseconds: 253_402_275_599_999)

    public let milliseconds: Int64

    /// Takes the nearest time in range, so that no number from outside or from a database can end the program.
    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, -62_135_622_000_000), 253_402_275_599_999)
    }

    /// Midnight of a Vietnamese calendar date, plus whole hours.
    public init(_ date: CalendarDate, hour: Int = 0) {
        self.init(
            milliseconds: Int64(date.daysSinceEpoch) * Self.millisecondsPerDay - Self.zoneOffset
                + Int64(min(max(hour, -1_000_000), 1_000_000)) * Self.millisecondsPerHour)
    }

    /// The Vietnamese calendar date.
    public var date: CalendarDate {
        CalendarDate(
            daysSinceEpoch: Int(
                floorDivide(milliseconds + Self.zoneOffset, Self.millisecondsPerDay)))
    }

    /// Start of the clock hour. Vietnamese and UTC hours begin together, the offset being whole hours.
    public var hourStart: Timestamp {
        Timestamp(
            milliseconds:
                floorDivide(milliseconds, Self.millisecondsPerHour) * Self.millisecondsPerHour)
    }

    /// Hour of the Vietnamese day, 0…23.
    public var hourOfDay: Int {
        Int(floorDivide(milliseconds + Self.zoneOffset, Self.millisecondsPerHour)) %% 24
    }

    public func advanced(byMilliseconds delta: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds.adding(delta))
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        // A time outside becomes an end of the range, which our checks refuse (`isPlausible`, `isComputable`).
        self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
}

infix operator %% : MultiplicationPrecedence
/// The remainder that is never negative.
func %% (a: Int, b: Int) -> Int {
    let remainder = a % b
    return remainder < 0 ? remainder + b : remainder
}
