import Domain
import Platform
import Testing
@testable import Collector
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Totals from every table that holds them") struct UsageTotalsTests {
    struct Line: Hashable {
        let system: SystemCode
        let row: SummaryRow
    }

    /// 12 days of two units with other office hours, three systems, and rows that come twice.
    static func fill(_ records: Records, seed: UInt64) throws -> [Line] {
        var random = Seeded(state: seed)
        var lines: [Line] = []
        let systems = ["H10.mot", "H10.hai", "G01.mot"].map { SystemCode(unchecked: $0) }
        for _ in 0..<60 {
            let system = systems[random.below(3)]
            var rows: [SummaryRow] = []
            for _ in 0..<(1 + random.below(8)) {
                let hour = Timestamp(
                    CalendarDate("2026-11-10")!, hour: random.below(12 * 24))
                rows.append(
                    SummaryRow(
                        login: Login(unchecked: "canbo\(random.below(4))"),
                        service: ServiceName(unchecked: "Tra\(random.below(2))"), hour: hour,
                        window: random.below(2) == 0 ? .office : .off,
                        allowed: Int64(random.below(50)), denied: ["R1": Int64(random.below(5))],
                        passed: Int64(random.below(3))))
            }
            try records.add(rows, system: system, opening: opening(system.unit))
            lines += rows.map { Line(system: system, row: $0) }
        }
        return lines
    }

    static func opening(_ unit: UnitCode) -> Int { unit.rawValue == "G01" ? 8 : 7 }

    /// What the answer must be, one row after the other.
    static func plain(_ lines: [Line], _ question: UsageQuestion, _ columns: [String])
        -> [[String]: QueryCounts]
    {
        var sums: [[String]: QueryCounts] = [:]
        for line in lines {
            let (system, row) = (line.system, line.row)
            guard question.from.map({ row.hour >= $0 }) ?? true,
                question.to.map({ row.hour < $0 }) ?? true,
                question.unit.map({ $0 == system.unit.rawValue }) ?? true,
                question.system.map({ $0 == system.rawValue }) ?? true,
                question.service.map({ $0 == row.service.rawValue }) ?? true,
                question.account.map({ $0 == row.login.rawValue }) ?? true,
                question.window.map({ $0 == row.window.rawValue }) ?? true
            else { continue }
            var calendar = OfficeCalendar.letter
            calendar.officeFrom = opening(system.unit)
            let key = columns.map { column in
                switch column {
                case "unit": system.unit.rawValue
                case "system": system.rawValue
                case "service": row.service.rawValue
                case "account": row.login.rawValue
                case "hour": row.hour.rfc3339Seconds
                case "day": calendar.day(at: row.hour).description
                case "date": row.hour.date.description
                default: row.window.rawValue
                }
            }
            sums[key, default: QueryCounts()].allowed += row.allowed
            sums[key, default: QueryCounts()].denied += row.deniedTotal
            sums[key, default: QueryCounts()].passed += row.passed
        }
        return sums
    }

    static func ask(
        _ records: Records, _ question: UsageQuestion, _ columns: [String], _ source: UsageSource?
    ) throws -> UsageTotals.Answer {
        try UsageTotals(
            records: records, question: question, by: Set(columns), opening: opening,
            source: source
        ).run(columns: columns, top: nil)
    }

    @Test("any combination of flags gives the totals of the plain scan", arguments: 0..<6)
    func flags(_ seed: UInt64) throws {
        let nation = try Nation()
        let lines = try Self.fill(nation.records, seed: seed)
        var random = Seeded(state: seed &* 77 &+ 1)
        for bits in 1..<256 {
            var columns = UsageReport.keys.enumerated().filter { bits & (1 << $0.offset) != 0 }
                .map(\.element)
            if columns.contains("account"), !columns.contains("system") { columns.append("system") }
            func maybe<T>(_ value: T) -> T? { random.below(3) == 0 ? value : nil }
            var question = UsageQuestion()
            let start = random.below(12 * 24)
            let first = Timestamp(CalendarDate("2026-11-10")!, hour: start)
            question.from = maybe(
                first.advanced(byMilliseconds: Int64(random.below(2)) * 1_234_567))
            question.to = maybe(
                first.advanced(byMilliseconds: Int64(random.below(120)) * 3_600_000 + 1))
            question.unit = maybe(["H10", "G01", "H99"][random.below(3)])
            question.system = maybe(["H10.mot", "G01.mot", "H99.x"][random.below(3)])
            question.service = maybe(["Tra0", "Tra9"][random.below(2)])
            question.account = maybe(["canbo1", "aikia"][random.below(2)])
            question.window = maybe(["office", "off"][random.below(2)])
            let expected = Self.plain(lines, question, columns)
            var sources: [UsageSource?] = [nil, .hours]
            if !columns.contains("hour") { sources.append(.dates) }
            if !columns.contains("account"), question.account == nil {
                sources.append(.systemHours)
            }
            for source in sources {
                let answer = try Self.ask(nation.records, question, columns, source)
                let got = Dictionary(uniqueKeysWithValues: answer.lines.map { ($0.names, $0.sums) })
                #expect(got == expected, "\(columns) \(question) \(source as Any)")
                #expect(answer.detailFrom == nil)
            }
        }
    }

    @Test("hours that were deleted are named, never told as nothing; dates stay exact")
    func pruned() throws {
        let nation = try Nation()
        let lines = try Self.fill(nation.records, seed: 5)
        let limit = CalendarDate("2026-11-16")!
        let hour = UsageTotals.hour(ofDate: Int64(limit.daysSinceEpoch))
        try nation.records.keepUsage(hoursFrom: hour, datesFrom: 0)
        while try nation.records.pruneHours(before: hour, countMax: 7) > 0 {}
        var question = UsageQuestion()
        let byHour = try Self.ask(nation.records, question, ["system", "account", "hour"], nil)
        #expect(byHour.detailFrom == Timestamp(limit))
        question.from = Timestamp(limit)
        #expect(
            try Self.ask(nation.records, question, ["system", "account", "hour"], nil).detailFrom
                == nil)
        // Whole dates, and from the opening of the office on, are still exact; from 13:00 is not, and says so.
        question.unit = "H10"
        for (start, isExact) in [(0, true), (7, true), (13, false)] {
            question.from = Timestamp(CalendarDate("2026-11-12")!, hour: start)
            let answer = try Self.ask(nation.records, question, ["system", "account"], nil)
            let got = Dictionary(uniqueKeysWithValues: answer.lines.map { ($0.names, $0.sums) })
            let all = Self.plain(lines, question, ["system", "account"])
            #expect((got == all) == isExact)
            #expect((answer.detailFrom == nil) == isExact)
        }
        question.from = nil
        let dates = try Self.ask(nation.records, question, ["system", "account", "date"], nil)
        #expect(
            Dictionary(uniqueKeysWithValues: dates.lines.map { ($0.names, $0.sums) })
                == Self.plain(lines, question, ["system", "account", "date"]))
    }
}

/// Random numbers that are the same for a seed.
struct Seeded {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
