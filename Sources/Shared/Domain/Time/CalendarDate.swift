/// A calendar date in Vietnam, proleptic Gregorian: `2026-11-24`. The years are 1…9999.
public struct CalendarDate: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    public let daysSinceEpoch: Int

    public static let first = CalendarDate(daysSinceEpoch: -719_162)
    public static let last = CalendarDate(daysSinceEpoch: 2_932_896)

    /// Takes the nearest date in range, so that no number from outside or from a database can end the program.
    public init(daysSinceEpoch: Int) {
        self.daysSinceEpoch = min(max(daysSinceEpoch, -719_162), 2_932_896)
    }

    /// Nil when the date does not exist (30 February, month 13).
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else {
            return nil
        }
        // Counting years from March makes the leap day the last of its year.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSinceEpoch = era * 146_097 + dayOfEra - 719_468
        guard parts == (year, month, day) else { return nil }
    }

    public var next: CalendarDate { CalendarDate(daysSinceEpoch: daysSinceEpoch + 1) }
    public var previous: CalendarDate { CalendarDate(daysSinceEpoch: daysSinceEpoch - 1) }

    /// The date this many months later or earlier. In a month that lacks the day, its last day stands for it.
    public func adding(months: Int) -> CalendarDate {
        let (year, month, day) = parts
        let all = min(max((year * 12 + month - 1).adding(months), 12), 9999 * 12 + 11)
        for last in (28...max(28, day)).reversed() {
            let wanted = min(day, last)
            if let date = CalendarDate(year: all / 12, month: all % 12 + 1, day: wanted) {
                return date
            }
        }
        return self
    }

    public var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        Weekday(rawValue: (daysSinceEpoch + 3) %% 7) ?? .monday
    }

    public var parts: (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    public static func < (a: CalendarDate, b: CalendarDate) -> Bool {
        a.daysSinceEpoch < b.daysSinceEpoch
    }
}

/// Monday comes first, as offices count.
public enum Weekday: Int, CaseIterable, Sendable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// The name in the configuration: `mon` … `sun`.
    public var shortName: String {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][rawValue]
    }
}

extension CalendarDate: CustomStringConvertible, Codable {
    public var description: String {
        let (year, month, day) = parts
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// The date as Vietnamese sentences write it: `24/11/2026`.
    public var vietnamese: String {
        let (year, month, day) = parts
        return "\(padded(day, 2))/\(padded(month, 2))/\(padded(year, 4))"
    }

    /// Reads `2026-11-24`; nil for any other text and for dates that do not exist.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == 45, bytes[7] == 45 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(0 as Int?) { sum, byte in
                guard let sum, (48...57).contains(byte) else { return nil }
                return sum * 10 + Int(byte - 48)
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10) else {
            return nil
        }
        self.init(year: year, month: month, day: day)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let date = CalendarDate(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is no date like 2026-11-24")
        }
        self = date
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
