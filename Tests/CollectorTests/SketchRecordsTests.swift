import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorDetection
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStore

@Suite("Keys of the day and sketches at the collector") struct SketchRecordsTests {
    let today = CalendarDate("2026-11-24")!

    @Test("all policies carry the same keys, of today and tomorrow, and change once a day")
    func keys() throws {
        let nation = try Nation()
        func keys(_ index: Int, _ clock: String) throws -> [DayKey] {
            let system = try #require(try nation.records.system(nation.system(index)))
            return try nation.records.policyContent(
                system, nation.config, at: try #require(Timestamp(clock))
            ).keys
        }
        let noon = try keys(0, "2026-11-24T12:00:00")
        #expect(noon.map(\.date) == [today, today.next])
        #expect(try keys(1, "2026-11-24T12:00:00") == noon)
        #expect(try keys(0, "2026-11-24T23:59:59") == noon)
        #expect(Set(noon.map(\.key)).count == 2)
        #expect(noon.allSatisfy { Base64URL.decode($0.key)?.count == 32 })
        let next = try keys(0, "2026-11-25T01:00:00")
        #expect(next.map(\.date) == [today.next, today.next.next] && next[0] == noon[1])
    }

    @Test("keys are destroyed after 7 days, sketches after 30")
    func prune() throws {
        let nation = try Nation()
        func count(_ table: String) throws -> Int64 {
            try nation.records.db.first("SELECT COUNT(*) FROM \(table)") { $0.integer(0) } ?? -1
        }
        for day in 0..<40 {
            let now = Timestamp(
                CalendarDate(daysSinceEpoch: today.daysSinceEpoch + day), hour: 12)
            _ = try nation.records.dayKeys(nation.system(0), at: now)
            _ = try nation.records.keep(
                SystemSketch(date: now.date), AgentID(system: nation.system(0), number: 1),
                epoch: 1, seq: Int64(day), at: now)
        }
        let last = Timestamp(CalendarDate(daysSinceEpoch: today.daysSinceEpoch + 39), hour: 12)
        try nation.records.pruneSketches(now: last)
        // Tomorrow, today, and seven days back.
        #expect(try count("day_key") == 9)
        #expect(try count("sketch") == 31)
    }

    @Test(
        "a later sketch of an agent's date replaces the earlier, agents of a system are told together"
    )
    func sketches() throws {
        let nation = try Nation()
        func keep(_ number: Int, _ seq: Int64, _ values: Range<UInt64>, system: Int = 0) throws
            -> Bool
        {
            var sketch = SystemSketch(date: today)
            for value in values { sketch.note(subject: value &* 0x9E37_79B9_7F4A_7C15) }
            return try nation.records.keep(
                sketch, AgentID(system: nation.system(system), number: number), epoch: 3, seq: seq,
                at: nation.now)
        }
        #expect(try keep(1, 5, 0..<10))
        #expect(try keep(1, 9, 0..<20))
        #expect(try !keep(1, 7, 0..<15))
        #expect(try keep(2, 1, 10..<40))
        #expect(try keep(1, 1, 30..<50, system: 1))
        let sketches = try nation.records.sketches(on: today)
        #expect(sketches[nation.system(0)]?.subjects.estimate == 40)
        let other = try #require(sketches[nation.system(1)])
        #expect(sketches[nation.system(0)]?.subjects.intersection(other.subjects) == 10)
        #expect(try nation.records.sketches(on: today.next).isEmpty)
    }

    @Test("systems change keys at different minutes, always the same ones")
    func spread() {
        let places = (0..<280).map {
            SystemCode(unchecked: "H\($0 % 34 + 10).he\($0)").rotationPlace % 60
        }
        #expect(Set(places).count > 50)
    }
}
