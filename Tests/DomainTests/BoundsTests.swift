import Domain
import FoundationEssentials
import Testing

@Suite("Numbers and times that others make up") struct BoundsTests {
    static let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, 1 << 53, .max - 1, .max]

    @Test("sums, differences and products stop at the bounds") func saturating() {
        #expect(Int64.max.adding(1) == .max && Int64.min.adding(-1) == .min)
        #expect(Int64.min.subtracting(1) == .min && Int64.max.subtracting(-1) == .max)
        #expect(Int64(0).subtracting(.min) == .max && UInt32(3).subtracting(5) == 0)
        #expect(Int64.min.multiplied(by: -1) == .max && Int64.max.multiplied(by: -2) == .min)
        #expect([Int64.max, .max, -1].saturatingSum == Int64.max - 1)
        #expect([Int64]().saturatingSum == 0)
        #expect(Int64(saturating: .nan) == 0 && Int64(saturating: -.infinity) == .min)
        #expect(Int64(saturating: 1e300) == .max && Int64(saturating: -2.9) == -2)
    }

    @Test("every time can be said, read again and computed with", arguments: extremes)
    func times(_ number: Int64) {
        let time = Timestamp(milliseconds: number)
        #expect(Timestamp(time.description) == time)
        #expect(time.description.utf8.count == 29)
        for other in Self.extremes {
            let moved = time.advanced(byMilliseconds: other)
            #expect(Timestamp.range.contains(moved.milliseconds))
            _ = (moved.milliseconds - time.milliseconds, moved.milliseconds * 1000)
            _ = OfficeCalendar.letter.bounds(ofDay: OfficeCalendar.letter.day(at: moved))
            for kind in WindowKind.allCases {
                _ = OfficeCalendar.letter.bounds(of: Window(kind, moved.date))
            }
            _ = OfficeCalendar.letter.nextOpening(after: moved)
            _ = (moved.hourStart, moved.clock, moved.date.next, moved.date.previous)
        }
    }

    @Test("every day can be said, read again and computed with", arguments: extremes)
    func days(_ number: Int64) {
        let date = CalendarDate(daysSinceEpoch: Int(number))
        #expect(CalendarDate(date.description) == date)
        #expect(date.description.utf8.count == 10)
        _ = (date.weekday, date.next, date.previous, date.adding(months: Int(number)))
        _ = Timestamp(date, hour: Int(number)).description
    }

    @Test("the first and the last moment stand, what lies beyond is refused")
    func ends() throws {
        #expect(Timestamp.first.description == "0001-01-01T00:00:00.000+07:00")
        #expect(Timestamp.last.description == "9999-12-31T23:59:59.999+07:00")
        #expect(CalendarDate.first.description == "0001-01-01")
        #expect(CalendarDate.last.description == "9999-12-31")
        for text in [
            "10000-01-01", "10000-01-01T00:00:00+07:00", "0000-12-31", "-001-01-01",
            "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+23:59", "2026-11-24T24:00",
        ] {
            #expect(Timestamp(text) == nil, "\(text)")
        }
        for number in [Timestamp.range.lowerBound - 1, Timestamp.range.upperBound + 1, .max, .min] {
            let told = try JSONDecoder().decode([Timestamp].self, from: Data("[\(number)]".utf8))
            #expect(!told[0].isPlausible && !told[0].isComputable)
        }
    }

    @Test("a threshold can be asked for any number of queries", arguments: extremes)
    func thresholds(_ number: Int64) {
        for registered in Self.extremes {
            let threshold = Threshold(registered: registered)
            _ = threshold.breach(atQuery: number)
            _ = threshold.isFirst(ofBreach: 1, query: number)
            _ = threshold.passing(beforeBreach: Int(number))
        }
    }
}
