import Domain
import Foundation
import Platform
import Testing
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Running sums of refusals") struct DenialSumsTests {
    static let system = SystemCode(unchecked: "H10.mot")

    private static func fill(_ records: Records) throws -> [SummaryRow] {
        var random = Seeded(state: 7)
        var all: [SummaryRow] = []
        let reasons = ["R8.account", "R8.service", "R8.off", "R9.account", "R9.ip", "R1"]
        for _ in 0..<40 {
            let rows = (0..<8).map { _ in
                SummaryRow(
                    login: Login(unchecked: "canbo\(random.below(9))"),
                    service: ServiceName(unchecked: "Tra\(random.below(3))"),
                    hour: Timestamp(CalendarDate("2026-11-10")!, hour: random.below(48)),
                    window: .office,
                    denied: [reasons[random.below(6)]: Int64(1 + random.below(5))])
            }
            try records.add(rows, system: system, opening: 7)
            all += rows
        }
        return all
    }

    private static func plain(_ rows: [SummaryRow], _ reason: String, _ day: CalendarDate)
        -> DenialSum?
    {
        var names: [String: Int64] = [:]
        let isByService = ["R8.service", "R8.off"].contains(reason)
        for row in rows {
            let own = row.hour.hourOfDay < 7 ? row.hour.date.previous : row.hour.date
            guard own == day, let count = row.denied[reason] else { continue }
            names[isByService ? row.service.rawValue : row.login.rawValue, default: 0] += count
        }
        guard let most = names.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            return nil
        }
        return DenialSum(
            count: names.values.reduce(0, +), names: Int64(names.count), most: most.key,
            mostCount: most.value)
    }

    @Test("they are what adding up all of a day's refusals gives, also taken over from before")
    func sums() throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        let records = Records(db: db)
        let rows = try Self.fill(records)
        func check() throws {
            for reason in ["R8.account", "R8.service", "R8.off", "R9.account", "R9.ip"] {
                for day in ["2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12"] {
                    let date = try #require(CalendarDate(day))
                    let sum = try records.denialSum(Self.system, date, reason: reason)
                    let plain = Self.plain(rows, reason, date)
                    #expect(sum?.count == plain?.count)
                    #expect(sum?.names == plain?.names)
                    #expect(sum?.mostCount == plain?.mostCount)
                }
            }
        }
        try check()
        let most = try records.denialSum(
            Self.system, try #require(CalendarDate("2026-11-10")), reason: "R8.account")
        #expect(most == Self.plain(rows, "R8.account", try #require(CalendarDate("2026-11-10"))))
        try db.execute("DELETE FROM denial_name; DELETE FROM denial_sum")
        try records.adoptOldDenials { _ in 7 }
        try check()
        // Once: what came since is not counted again.
        try records.adoptOldDenials { _ in 7 }
        try check()
    }

    @Test("a count beyond all bounds stays a count") func saturating() throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        let records = Records(db: db)
        let key = Records.DenialKey(day: 20_000, reason: "R8.account")
        for _ in 0..<3 { try records.addDenialSums([key: [ExactText("a"): 1 << 61]], Self.system) }
        let sum = try records.denialSum(
            Self.system, CalendarDate(daysSinceEpoch: 20_000), reason: "R8.account")
        #expect(sum?.count == 1 << 53 - 1)
        #expect(sum?.names == 1)
    }
}
