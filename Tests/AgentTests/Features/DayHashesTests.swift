import Domain
import Platform
import Testing

@testable import Agent

@Suite("Hashes of a day") struct DayHashesTests {
    @Test("names that differ in bytes alone are two, also where the first one is remembered")
    func exact() throws {
        let date = try #require(CalendarDate("2026-11-24"))
        var hashes = DayHashes()
        let key = Base64URL.encode([UInt8](repeating: 7, count: DayKey.bytes))
        _ = hashes.adopt([DayKey(date: date, key: key)], today: date)
        let first = hashes.officer("K01", date)
        let plain = try #require(first)
        let kelvin = hashes.officer("\u{212A}01", date)
        let again = hashes.officer("K01", date)
        #expect(kelvin != plain && kelvin != nil)
        #expect(again == plain)
    }
}
