/// Office hours or off hours (docs/domain.md#l11, #l12).
public enum WindowKind: String, Codable, CaseIterable, Sendable {
    /// Giờ hành chính: 07h00–18h00.
    case office
    /// Ngoài giờ hành chính: 18h00 to 07h00 of the next day, one window.
    case off
}

/// One window, keyed by the date on which it began: the off window of 24 November ends at 07:00 on the 25th.
public struct Window: Hashable, Sendable {
    public let kind: WindowKind
    public let date: CalendarDate

    public init(_ kind: WindowKind, _ date: CalendarDate) {
        self.kind = kind
        self.date = date
    }
}

/// Which hours are office hours. Boundaries are whole hours, so a clock hour lies in one window.
///
/// A **day D** is office(D) + off(D): from the office opening of D to that of D+1, 07:00 to 07:00. The letter
/// gives clock hours only, so every weekday is an office day unless configured otherwise; a day that is
/// no office day is `off` from opening to opening (docs/domain.md#windows).
public struct OfficeCalendar: Hashable, Sendable, Codable {
    /// First office hour, 0…23. Letter: 7.
    public var officeFrom: Int
    /// First hour after office hours, 1…24, greater than `officeFrom`. Letter: 18.
    public var officeTo: Int
    /// Office weekdays; Monday is 0.
    public var weekdays: Set<Int>
    /// Dates on which the office is closed.
    public var holidays: Set<CalendarDate>
    /// Dates on which it is open although the weekday is none or a holiday falls on it.
    public var makeUpDays: Set<CalendarDate>

    /// The letter's hours: 07:00–18:00, every day of the week.
    public static let letter = OfficeCalendar()

    public init(
        officeFrom: Int = 7, officeTo: Int = 18, weekdays: Set<Int> = Set(0...6),
        holidays: Set<CalendarDate> = [], makeUpDays: Set<CalendarDate> = []
    ) {
        self.officeFrom = officeFrom
        self.officeTo = officeTo
        self.weekdays = weekdays
        self.holidays = holidays
        self.makeUpDays = makeUpDays
    }

    enum CodingKeys: String, CodingKey {
        case officeFrom = "office_from"
        case officeTo = "office_to"
        case weekdays, holidays
        case makeUpDays = "make_up_days"
    }

    /// Whether the office opens on this date.
    public func isOfficeDay(_ date: CalendarDate) -> Bool {
        if makeUpDays.contains(date) { return true }
        return weekdays.contains(date.weekday.rawValue) && !holidays.contains(date)
    }

    /// The day, 07:00 to 07:00, to which a moment belongs: the day of R1, of `--by day`, of reports.
    public func day(at time: Timestamp) -> CalendarDate {
        time.hourOfDay < officeFrom ? time.date.previous : time.date
    }

    public func window(at time: Timestamp) -> Window {
        let day = day(at: time)
        let hour = time.hourOfDay
        let open = day == time.date && hour < officeTo && isOfficeDay(day)
        return Window(open ? .office : .off, day)
    }

    /// From the opening of the day to that of the next; the end is excluded.
    public func bounds(ofDay day: CalendarDate) -> Range<Timestamp> {
        Timestamp(day, hour: officeFrom)..<Timestamp(day.next, hour: officeFrom)
    }

    /// The window's first moment and the first after it. A closed office window is empty.
    public func bounds(of window: Window) -> Range<Timestamp> {
        let day = bounds(ofDay: window.date)
        let closing =
            isOfficeDay(window.date)
            // Of the last day that there is, nothing follows.
            ? min(Timestamp(window.date, hour: officeTo), day.upperBound) : day.lowerBound
        return window.kind == .office ? day.lowerBound..<closing : closing..<day.upperBound
    }

    /// The next moment at which the office opens; within a year, else a day from now.
    public func nextOpening(after time: Timestamp) -> Timestamp {
        var day = day(at: time).next
        for _ in 0..<366 {
            if isOfficeDay(day) { return Timestamp(day, hour: officeFrom) }
            day = day.next
        }
        return time.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
    }
}
