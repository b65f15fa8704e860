import Domain
import Glibc
import Platform
import Testing

@testable import Agent

@Suite("Query log: keeping") struct QueryLogKeepingTests {
    static let name = "queries-2026-11-24.log"

    /// A finished file of 300 lines.
    private func roomWithFile() throws -> QueryLogRoom {
        let room = try QueryLogRoom()
        let log = room.open()
        for number in 0..<300 { log.note(Sample.sighting(number)) }
        log.tick(at: Sample.noon, isLast: true)
        return room
    }

    @Test(
        "a crash between the steps of compressing neither loses nor doubles a line",
        arguments: [
            "true",  // before the first step
            "head -c 100 NAME | gzip > NAME.gz.new",  // while gzip worked
            "gzip -c NAME > NAME.gz.new",  // before it was verified, or renamed
            "gzip -k NAME",  // before the plain one was deleted
            "gzip NAME",  // after the last step
            // Not by us: a compressed file that is not the same.
            "head -c 100 NAME | gzip > NAME.gz",
            "gzip -k NAME && truncate -s -20 NAME.gz",
            "gzip -k NAME && { cat NAME.gz NAME.gz > x && mv x NAME.gz; }",
        ])
    func crash(_ step: String) throws {
        let room = try roomWithFile()
        #expect(room.shell(step.replacing("NAME", with: Self.name)))
        let wanted = (0..<300).map { "ma-\($0)" }
        #expect(try room.search().column(.message) == wanted)
        room.folder.removeLeftovers()
        #expect(room.upkeep(at: Sample.noon))
        #expect(room.names == [Self.name + ".gz"])
        #expect(try room.search().column(.message) == wanted)
    }

    @Test(
        "gzip that is missing, fails or lies leaves the plain file",
        arguments: [
            "/nonexistent/gzip", "/bin/false", "/bin/true",
        ])
    func badGzip(_ gzip: String) throws {
        let room = try roomWithFile()
        room.gzip = gzip
        #expect(!room.upkeep(at: Sample.noon))
        #expect(room.names == [Self.name])
        #expect(room.shared.status.lastError?.contains(gzip) == true)
        room.gzip = "/usr/bin/gzip"
        #expect(room.upkeep(at: Sample.noon) && room.shared.status.lastError == nil)
        #expect(try room.search().rows.count == 300)
    }

    @Test("one file that cannot be compressed does not hold up the others") func others() throws {
        let room = try roomWithFile()
        #expect(room.shell("mkdir queries-2026-11-20.log"))
        #expect(!room.upkeep(at: Sample.noon))
        #expect(room.names.contains(Self.name + ".gz"))
        #expect(room.shared.status.lastError?.contains("queries-2026-11-20.log") == true)
    }

    @Test("work that is stopped in the middle leaves the plain file") func stopped() throws {
        let room = try roomWithFile()
        let packer = QueryLogPacker(folder: room.folder, gzip: "/usr/bin/gzip") { _ in false }
        #expect(try packer.pack(try #require(QueryLogName(Self.name))) == false)
        #expect(room.names == [Self.name])
    }

    @Test("the present file is neither compressed nor deleted") func present() throws {
        let room = try roomWithFile()
        room.shared.begin(try #require(QueryLogName(Self.name)))
        room.upkeep(at: Timestamp("2031-01-01T00:00:00")!)
        #expect(room.names == [Self.name])
    }

    /// Empty compressed files, as if they were written on their dates.
    private func roomWithDates(_ dates: [String], bytes: Int = 100) throws -> QueryLogRoom {
        let room = try QueryLogRoom()
        try Files.makeFolder(room.folder.path)
        for date in dates {
            let line =
                "truncate -s \(bytes) \"queries-\(date).log.gz\""
                + " && touch -d '\(date)T12:00:00+07:00' \"queries-\(date).log.gz\""
            #expect(room.shell(line))
        }
        return room
    }

    @Test("files go when they were kept their months, and not a day before") func expiry() throws {
        let room = try roomWithDates(["2025-11-23", "2025-11-24", "2026-02-01", "2026-11-10"])
        try Files.writeAtomically("\(room.folder.path)/searches-2025-01-01.log", "x")
        try Files.writeAtomically("\(room.folder.path)/searches-2026-01-01-2.log", "x")
        room.upkeep(at: Sample.noon)
        #expect(
            room.names == [
                "queries-2025-11-24.log.gz", "queries-2026-02-01.log.gz",
                "queries-2026-11-10.log.gz", "searches-2026-01-01-2.log",
            ])
        room.settings.keepMonths = 3
        room.upkeep(at: Sample.noon)
        #expect(room.names.first == "queries-2026-11-10.log.gz")
    }

    @Test("a clock that jumped ahead deletes nothing for a week") func jumpingClock() throws {
        let room = try roomWithDates(["2026-10-01", "2026-11-23", "2026-11-24", "2031-01-01"])
        room.upkeep(at: Timestamp("2031-01-02T00:00:00")!)
        #expect(room.names.count == 4)
        // The log of a week ago agrees with the clock: then it is right.
        room.upkeep(at: Timestamp("2031-01-08T00:00:00")!)
        #expect(room.names == ["queries-2031-01-01.log.gz"])
    }

    @Test("a file named by a clock that stood at 1970 counts from when it was last written")
    func deadClock() throws {
        let room = try roomWithDates(["2026-11-10"])
        #expect(room.shell("truncate -s 9 queries-1970-01-01.log.gz"))
        #expect(room.shell("touch -d '2026-11-20' queries-1970-01-01.log.gz"))
        room.upkeep(at: Sample.noon)
        #expect(room.names.count == 2)
    }

    @Test("over the total the oldest go an hour after it was told, and none younger than 3 months")
    func total() throws {
        let dates = ["2026-06-01", "2026-07-01", "2026-08-23", "2026-08-24", "2026-11-10"]
        let room = try roomWithDates(dates, bytes: 10 << 20)
        room.settings.totalBytesMax = 45 << 20
        room.upkeep(at: Sample.noon)
        #expect(room.names.count == 5)
        #expect(room.shared.status.lastError?.contains("totalMax") == true)
        room.upkeep(at: Sample.noon, hours: 1)
        #expect(room.names.first == "queries-2026-07-01.log.gz" && room.names.count == 4)
        room.settings.totalBytesMax = 16 << 20
        room.upkeep(at: Sample.noon, hours: 5)
        #expect(
            room.names == ["queries-2026-08-24.log.gz", "queries-2026-11-10.log.gz"])
        #expect(room.metrics.value("chot_agent_query_log_early_deletions_total") == 3)
        #expect(room.shared.status.oldest == CalendarDate("2026-08-24"))
        #expect(room.shared.status.bytesOnDisk == 20 << 20)
    }

    @Test("months are counted by the calendar") func months() {
        func back(_ date: String, _ months: Int) -> String? {
            CalendarDate(date)?.adding(months: -months).description
        }
        #expect(back("2026-11-24", 12) == "2025-11-24")
        #expect(back("2026-05-31", 3) == "2026-02-28")
        #expect(back("2024-05-31", 3) == "2024-02-29")
        #expect(back("2026-01-15", 3) == "2025-10-15")
    }

    @Test(
        "settings are checked, and the floor names its law",
        arguments: [
            ("2 months", false), ("3 months", true), ("120months", true), ("121", false),
            ("12", true), ("months", false), ("1 year", false), ("-4 months", false),
        ])
    func settings(_ keep: String, _ isGood: Bool) {
        let reader = ConfigReader(.object(["keep": .string(keep)]), file: "agent.json5")
        let settings = QueryLogSettings.read(reader)
        do {
            try reader.finish()
            #expect(isGood && (3...120).contains(settings.keepMonths))
        } catch {
            #expect(!isGood)
            #expect("\(error)".contains("6383/CV-TCT") && "\(error)".contains("331/2026"))
        }
    }
}
