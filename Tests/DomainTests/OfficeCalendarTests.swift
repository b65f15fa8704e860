import Domain
import Testing

/// docs/domain.md#l11, #l12: office hours 07:00–18:00; the off window is one, keyed by the day it began.
@Suite("OfficeCalendar") struct OfficeCalendarTests {
    static let day = CalendarDate("2026-11-24")!
    static let eve = CalendarDate("2026-11-23")!

    @Test(
        "every boundary falls into the right window",
        arguments: [
            ("2026-11-24T06:59:59.999+07:00", WindowKind.off, eve),
            ("2026-11-24T07:00:00.000+07:00", .office, day),
            ("2026-11-24T17:59:59.999+07:00", .office, day),
            ("2026-11-24T18:00:00.000+07:00", .off, day),
            ("2026-11-24T23:59:59.999+07:00", .off, day),
            ("2026-11-25T00:00:00.000+07:00", .off, day),
            ("2026-11-25T06:59:59.999+07:00", .off, day),
            ("2026-11-24T00:00:00.000Z", .office, day),
            ("2026-11-23T23:59:59.999Z", .off, eve),
        ])
    func boundaries(_ text: String, _ kind: WindowKind, _ date: CalendarDate) throws {
        let time = try #require(Timestamp(text))
        #expect(OfficeCalendar.letter.window(at: time) == Window(kind, date))
        #expect(OfficeCalendar.letter.day(at: time) == date)
    }

    @Test("an off window belongs to the day it began and ends at 07:00 of the next")
    func offWindow() {
        let bounds = OfficeCalendar.letter.bounds(of: Window(.off, Self.day))
        #expect(bounds.lowerBound.description == "2026-11-24T18:00:00.000+07:00")
        #expect(bounds.upperBound.description == "2026-11-25T07:00:00.000+07:00")
    }

    @Test("a holiday is off from opening to opening, a make-up day is open all the same")
    func holidays() throws {
        var calendar = OfficeCalendar(holidays: [Self.day])
        let noon = Timestamp(Self.day, hour: 12)
        #expect(calendar.window(at: noon) == Window(.off, Self.day))
        #expect(calendar.bounds(of: Window(.off, Self.day)) == calendar.bounds(ofDay: Self.day))
        #expect(calendar.bounds(of: Window(.office, Self.day)).isEmpty)
        calendar.makeUpDays = [Self.day]
        #expect(calendar.window(at: noon).kind == .office)
    }

    @Test(
        "windows cover every hour once, whatever the calendar",
        arguments: [(7, 18), (0, 24), (8, 17), (0, 1), (23, 24)])
    func coverage(_ from: Int, _ to: Int) {
        let calendar = OfficeCalendar(officeFrom: from, officeTo: to, weekdays: [0, 1, 2, 3, 4])
        var hour = Timestamp(CalendarDate("2026-02-20")!)
        for _ in 0..<(24 * 20) {
            let window = calendar.window(at: hour)
            #expect(calendar.bounds(of: window).contains(hour))
            #expect(calendar.bounds(ofDay: calendar.day(at: hour)).contains(hour))
            hour = hour.advanced(byMilliseconds: Timestamp.millisecondsPerHour)
        }
    }
}

@Suite("Timestamp") struct TimestampTests {
    @Test(
        "times are read with any offset and written in Vietnamese time",
        arguments: [
            ("2026-11-24T01:00:00Z", "2026-11-24T08:00:00.000+07:00"),
            ("2026-11-24T08:00:00.5+07:00", "2026-11-24T08:00:00.500+07:00"),
            ("2024-02-29", "2024-02-29T00:00:00.000+07:00"),
            ("2026-12-31T23:59:59.999-01:00", "2027-01-01T07:59:59.999+07:00"),
            ("1969-12-31T12:00:00Z", "1969-12-31T19:00:00.000+07:00"),
        ])
    func reads(_ text: String, _ written: String) {
        #expect(Timestamp(text)?.description == written)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2026-13-01", "2026-02-30", "2026-11-24T24:00:00", "2026-11-24T08",
            "2026-11-24T08:00:00+7",
            "2026-11-24T08:00:00.+07:00", "x026-11-24", "2026-11-24T08:00:00Zz",
        ])
    func refuses(_ text: String) { #expect(Timestamp(text) == nil) }

    @Test("dates go round through their parts for four centuries")
    func dates() {
        for offset in stride(from: -60_000, to: 90_000, by: 13) {
            let date = CalendarDate(daysSinceEpoch: offset)
            let parts = date.parts
            #expect(CalendarDate(year: parts.year, month: parts.month, day: parts.day) == date)
        }
        #expect(CalendarDate("2026-11-24")?.weekday == .tuesday)
    }
}
