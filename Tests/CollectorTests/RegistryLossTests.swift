import Domain
import Glibc
import Platform
import Testing
@testable import CollectorEvidence
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// What no series of small imports takes away unasked.
@Suite("RegistryLosses") struct RegistryLossTests {
    private static let day = Timestamp.millisecondsPerDay

    /// Imports at times of the test's own.
    private final class Book {
        private let records: Records
        var now = Timestamp("2026-11-24T09:00:00+07:00")!

        init() throws {
            let db = try SQLiteConnection(path: ":memory:")
            try db.execute(Schema.sql)
            records = Records(db: db)
            try take(.units, "code,name,kind\nH26,A,city\n")
            try take(.systems, "code,unit,name\nH26.mot,H26,x\nH26.hai,H26,y\n")
        }

        func plan(_ kind: RegistryKind, _ text: String, replaces: Bool = false) throws
            -> RegistryPlan
        {
            try RegistryPlanner(records: records, replaces: replaces, now: now).plan(
                kind, RegistrySource(file: "\(kind).csv", text: text),
                known: RegisteredPlaces(records))
        }

        @discardableResult
        func take(_ kind: RegistryKind, _ text: String, replaces: Bool = false) throws
            -> RegistryPlan
        {
            let plan = try plan(kind, text, replaces: replaces)
            let number = try records.beginRegistration(plan, by: "-", at: now)
            for change in plan.changes {
                if kind.hasRegistrations {
                    try records.stage(change, kind, number)
                } else {
                    try records.apply(change, kind)
                }
            }
            try records.makeCurrent(number, touching: plan.places, at: now)
            return plan
        }
    }

    private static func accounts(_ range: Range<Int>, _ perDay: Int = 40) -> String {
        "system,login,full_name,cccd,per_day\n"
            + range.map { "H26.mot,canbo\($0),NGUYENVANMAU,0000\(10_000_000 + $0),\(perDay)\n" }
            .joined()
    }

    @Test("steps of 9 in 100 are asked from the second on, until a day is over") func steps() throws
    {
        let book = try Book()
        try book.take(.accounts, Self.accounts(0..<100))
        book.now = book.now.advanced(byMilliseconds: 2 * Self.day)
        #expect(try book.take(.accounts, Self.accounts(9..<100), replaces: true).asked == 0)
        book.now = book.now.advanced(byMilliseconds: 60_000)
        let second = try book.plan(.accounts, Self.accounts(18..<100), replaces: true)
        #expect(second.asked == 18)
        #expect(second.question?.en.contains("9 of 100 accounts") == true)
        #expect(second.question?.en.contains("18 within 24 hours") == true)
        #expect(second.question?.vi.contains("24 giờ qua là 18") == true)
        // New rows make the list no longer.
        try book.take(.accounts, Self.accounts(1000..<1400))
        #expect(
            try book.plan(
                .accounts, Self.accounts(18..<100) + Self.accounts(1000..<1400).dropHead,
                replaces: true
            ).asked == 18)
        book.now = book.now.advanced(byMilliseconds: Self.day)
        let later = Self.accounts(18..<100) + Self.accounts(1000..<1400).dropHead
        #expect(try book.plan(.accounts, later, replaces: true).asked == 0)
    }

    @Test("a list that was made today and goes today is asked") func youngList() throws {
        let book = try Book()
        try book.take(.accounts, Self.accounts(0..<100))
        #expect(try book.plan(.accounts, Self.accounts(0..<1), replaces: true).asked == 99)
    }

    @Test("a volume of none takes as much away as a row that goes: without --replace, and in steps")
    func emptied() throws {
        let book = try Book()
        try book.take(.accounts, Self.accounts(0..<100))
        let all = try book.plan(.accounts, Self.accounts(0..<50, 0))
        #expect(all.asked == 50)
        #expect(all.question?.en.contains("left without a volume") == true)
        #expect(try book.take(.accounts, Self.accounts(0..<9, 0)).asked == 0)
        #expect(try book.take(.accounts, Self.accounts(9..<11, 0)).asked == 11)
        // What was empty already loses nothing, and one that comes back is not lost.
        book.now = book.now.advanced(byMilliseconds: 2 * Self.day)
        #expect(try book.take(.accounts, Self.accounts(0..<11, 0)).asked == 0)
        #expect(try book.take(.accounts, Self.accounts(0..<11, 40)).asked == 0)
    }

    @Test("volumes below half of those of a day ago are told where they are many") func cut()
        throws
    {
        let book = try Book()
        try book.take(.accounts, Self.accounts(0..<100))
        func told(_ rows: Range<Int>, _ volume: Int) throws -> String? {
            let plan = try book.plan(.accounts, Self.accounts(rows, volume))
            #expect(plan.asked == 0)
            return plan.notes.map(\.en).first { $0.contains("fall below half") }
        }
        #expect(try told(0..<19, 10) == nil)
        let much = try told(0..<100, 10)
        #expect(much?.contains("100 of 100") == true)
        #expect(much?.contains("canbo0 40→10") == true)
        // Halves of halves.
        try book.take(.accounts, Self.accounts(0..<100, 20))
        #expect(try told(0..<100, 19) == nil)
        #expect(try told(0..<100, 9) != nil)
        #expect(try told(0..<100, 400) == nil)
    }

    @Test("services without a volume for office hours or off hours, and notices, are asked")
    func others() throws {
        let book = try Book()
        let services = "system,service,office_per_day,off_per_day\n"
        try book.take(.services, services + "H26.mot,TraCuuThongTinCongDan,100,10\n")
        for row in ["0,10", "100,0"] {
            #expect(
                try book.plan(.services, services + "H26.mot,TraCuuThongTinCongDan,\(row)\n").asked
                    == 1)
        }
        #expect(
            try book.plan(.services, services + "H26.mot,TraCuuThongTinCongDan,99,10\n").asked == 0)
        let notices = "system,service,from,to,hours,per_day,status,number\n"
        func notice(_ to: String, _ status: String) -> String {
            notices
                + "H26.mot,TraCuuThongTinCongDan,2026-11-01,\(to),20-23,100,\(status),12/TB\n"
        }
        try book.take(.notices, notice("2026-12-31", "accepted"))
        #expect(try book.plan(.notices, notice("2026-12-31", "rejected")).asked == 1)
        #expect(try book.plan(.notices, notice("2026-11-02", "accepted")).asked == 1)
        #expect(try book.plan(.notices, notice("2027-01-31", "accepted")).asked == 0)
    }

    @Test("systems that go are counted over a day") func places() throws {
        let book = try Book()
        let head = "code,unit,name\n"
        let all = (0..<100).map { "H26.s\($0),H26,x\n" }
        try book.take(.systems, head + all.joined(), replaces: true)
        book.now = book.now.advanced(byMilliseconds: 2 * Self.day)
        #expect(
            try book.take(.systems, head + all.dropFirst(10).joined(), replaces: true).asked == 0)
        let second = try book.plan(.systems, head + all.dropFirst(11).joined(), replaces: true)
        #expect(second.asked == 11)
    }
}

extension String {
    /// Without the first line.
    fileprivate var dropHead: Substring {
        drop { $0 != "\n" }.dropFirst()
    }
}
