import Domain
import Glibc
import Platform
import Testing
import Wire

@testable import Agent

@Suite("Query log: writing") struct QueryLogTests {
    @Test("a thousand sightings read back exactly, subjects as keyed hashes") func thousand() throws
    {
        let room = try QueryLogRoom()
        let log = room.open()
        let all = (0..<1000).map { Sample.sighting($0) }
        for sighting in all { log.note(sighting) }
        log.tick(at: Sample.noon, isLast: true)
        let found = try room.search()
        let text = try Files.readText(QueryLogKey.path(room.scratch.path))
        let key = try #require(Base64URL.decode(text.filter { !$0.isWhitespace }))
        #expect(
            found.rows
                == all.map { sighting in
                    let hash = Digest.hmacSHA256(key: key, message: [UInt8](sighting.subject.utf8))
                    return [
                        sighting.at.description, sighting.verdict.rawValue,
                        sighting.reason?.wireName ?? "", sighting.login.rawValue,
                        sighting.service.rawValue, sighting.source, sighting.requestID,
                        sighting.messageID, Base64URL.encode(Array(hash.prefix(16))),
                    ]
                })
        #expect(log.status.linesToday == 1000 && log.status.dropped == 0)
        #expect(room.metrics.value("chot_agent_query_log_lines_total") == 1000)
        // Every subject begins with 000099, every officer with 000088: neither stands anywhere.
        #expect(!room.shell("grep -rE '000099|000088' .."))
    }

    @Test("what names and ids hold survives: tabs, newlines, backslashes, a lone dash, nothing")
    func oddTexts() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        let odd = ["", "-", "a\tb", "a\nb", "\\x09\\", "ốc \u{1F30A}", "\u{7F}\u{1}", "#x", "\\+"]
        for text in odd {
            var sighting = Sample.sighting(1)
            (sighting.source, sighting.requestID, sighting.messageID) = (text, text, text)
            sighting.subject = ""
            log.note(sighting)
        }
        var long = Sample.sighting(2)
        long.messageID = String(repeating: "ố", count: 100)
        long.login = .none
        log.note(long)
        log.tick(at: Sample.noon, isLast: true)
        let found = try room.search()
        #expect(found.column(.message).dropLast() == odd[...])
        #expect(found.column(.source).dropLast() == odd[...])
        let subjects = found.column(.subject).dropLast()
        #expect(subjects.allSatisfy { $0.isEmpty })
        #expect(found.column(.message).last == String(repeating: "ố", count: 42) + "…")
        #expect(found.column(.login).last == "")
        var filter = SearchFilter()
        filter.requests = ["a\nb"]
        #expect(try room.search(filter).rows.count == 1)
        filter = SearchFilter(logins: ["-"])
        #expect(try room.search(filter).rows.count == 1)
    }

    @Test("a date has its own file; who is a moment late at midnight stays in the new one")
    func dayChange() throws {
        let room = try QueryLogRoom()
        let midnight = Timestamp(CalendarDate("2026-11-25")!)
        let log = room.open()
        for (number, offset) in [-7_200_000, -1, 0, -30_000, 5].enumerated() {
            log.note(Sample.sighting(number, at: midnight.advanced(byMilliseconds: Int64(offset))))
        }
        log.tick(at: midnight, isLast: true)
        let lines = try ["queries-2026-11-24.log", "queries-2026-11-25.log"].map { name in
            // The keeper may have compressed the first one already.
            _ = room.shell("[ ! -e \(name).gz ] || gunzip \(name).gz")
            return try room.text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }.count
        }
        #expect(lines == [2, 3])
        room.upkeep(at: midnight)
        #expect(
            room.names.filter { $0.hasPrefix("queries") } == [
                "queries-2026-11-24.log.gz", "queries-2026-11-25.log.gz",
            ])
        #expect(room.shell("gzip -t *.gz"))
        // In the order of time, although one came late.
        #expect(
            try room.search().column(.message) == ["ma-0", "ma-3", "ma-1", "ma-2", "ma-4"])
        var filter = SearchFilter()
        filter.from = midnight.advanced(byMilliseconds: -60_000)
        filter.to = midnight
        #expect(try room.search(filter).column(.message) == ["ma-3", "ma-1"])
    }

    @Test("a tick begins the file of a day on which nobody asked") func quietDay() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        log.tick(at: Timestamp(CalendarDate("2026-11-25")!), isLast: false)
        log.tick(at: Timestamp(CalendarDate("2026-11-25")!), isLast: true)
        #expect(room.names.contains("queries-2026-11-25.log"))
        #expect(log.status.linesToday == 0)
    }

    @Test("a full file gives way to the next number, and no line is cut between them")
    func sizeRotation() throws {
        let room = try QueryLogRoom()
        room.settings.fileBytesMax = 1 << 20
        let log = room.open()
        for number in 0..<20_000 {
            log.note(Sample.sighting(number))
            if number % 1000 == 0 { log.tick(at: Sample.noon, isLast: false) }
        }
        log.tick(at: Sample.noon, isLast: true)
        #expect(room.folder.entries().count >= 3)
        #expect(room.folder.entries().allSatisfy { ($0.plainBytes ?? 0) <= 1 << 20 })
        #expect(try room.search().column(.message) == (0..<20_000).map { "ma-\($0)" })
    }

    @Test("a restart goes on with today's file; another date begins its own") func restart() throws
    {
        let room = try QueryLogRoom()
        for run in 0..<3 {
            let log = room.open()
            log.note(Sample.sighting(run))
            log.tick(at: Sample.noon, isLast: true)
        }
        let text = try room.text("queries-2026-11-24.log")
        #expect(text.split(separator: "\n").count == 4)
        let log = room.open(at: Timestamp("2026-11-26T08:00:00")!)
        log.tick(at: Timestamp("2026-11-26T08:00:00")!, isLast: true)
        #expect(room.names.contains("queries-2026-11-26.log"))
        #expect(try room.search().rows.count == 3)
    }

    @Test("a line that a crash cut off is marked at the next start and says nothing")
    func tornLine() throws {
        let room = try QueryLogRoom()
        var log = room.open()
        for number in 0..<3 { log.note(Sample.sighting(number)) }
        log.tick(at: Sample.noon, isLast: true)
        // Only its newline is missing: it still looks like a line, and nobody can know that it is whole.
        #expect(room.shell("truncate -s -1 queries-2026-11-24.log"))
        #expect(try room.search().rows.count == 2)
        log = room.open()
        log.note(Sample.sighting(3))
        log.tick(at: Sample.noon, isLast: true)
        let found = try room.search()
        #expect(found.column(.message) == ["ma-0", "ma-1", "ma-3"])
        #expect(found.outcome.unreadableLines == 1)
        #expect(try room.text("queries-2026-11-24.log").contains("\n#torn\t"))
    }

    @Test("on a full disk lines are dropped and counted; nothing is doubled, and the gap is marked")
    func fullDisk() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        log.note(Sample.sighting(0))
        log.tick(at: Sample.noon, isLast: false)
        // In the middle of a line, and once more after a little room was found.
        room.disk.have(room: 100)
        for number in 1...5000 {
            log.note(Sample.sighting(number))
            if number % 1000 == 0 { log.tick(at: Sample.noon, isLast: false) }
            if number == 2500 { room.disk.have(room: 1000) }
        }
        let status = log.status
        #expect(status.dropped > 1000 && status.lastError?.contains("No space left") == true)
        room.disk.have(room: .max)
        log.tick(at: Sample.noon, isLast: false)
        log.note(Sample.sighting(5001))
        log.tick(at: Sample.noon, isLast: true)
        let found = try room.search()
        let messages = found.column(.message)
        #expect(Set(messages).count == messages.count)
        #expect(messages.first == "ma-0" && messages.last == "ma-5001")
        #expect(Int64(messages.count) + status.dropped == 5002)
        #expect(found.outcome.lostLines == status.dropped && found.outcome.unreadableLines == 0)
        #expect(log.status.lastError == nil && log.status.dropped == status.dropped)
        #expect(room.metrics.value("chot_agent_query_log_dropped_total") == status.dropped)
    }

    @Test("the last part of the disk is left to the counters") func reserve() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        room.disk.have(free: (256 << 20) - 1)
        log.note(Sample.sighting(0))
        log.tick(at: Sample.noon, isLast: false)
        #expect(try room.search().rows.isEmpty)
        #expect(log.status.lastError?.contains("for the counters") == true)
        room.disk.have(free: 256 << 20)
        log.tick(at: Sample.noon, isLast: true)
        #expect(try room.search().rows.count == 1 && log.status.lastError == nil)
    }

    @Test("a disk that is full at midnight costs lines, and no line gets into two files")
    func fullDiskAtMidnight() throws {
        let room = try QueryLogRoom()
        let midnight = Timestamp(CalendarDate("2026-11-25")!)
        let log = room.open()
        room.disk.have(room: 70)
        for number in 0..<20 {
            log.note(
                Sample.sighting(number, at: midnight.advanced(byMilliseconds: Int64(number - 10))))
        }
        log.tick(at: midnight, isLast: false)
        room.disk.have(room: .max)
        log.tick(at: midnight, isLast: true)
        let found = try room.search()
        #expect(Set(found.column(.message)).count == found.rows.count)
        #expect(Int64(found.rows.count) + log.status.dropped == 20)
        #expect(found.outcome.lostLines == log.status.dropped)
    }

    @Test("a file that somebody removes gives way to a new one") func removed() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        log.note(Sample.sighting(0))
        log.tick(at: Sample.noon, isLast: false)
        #expect(room.shell("rm queries-2026-11-24.log"))
        log.tick(at: Sample.noon, isLast: false)
        log.note(Sample.sighting(1))
        log.tick(at: Sample.noon, isLast: true)
        #expect(try room.search().column(.message) == ["ma-1"])
    }

    @Test("a state folder that cannot be written stops nobody; every line is counted as dropped")
    func noFolder() throws {
        let room = try QueryLogRoom()
        try Files.writeAtomically("\(room.scratch.path)/log", "in the way")
        let log = room.open()
        for number in 0..<10_000 { log.note(Sample.sighting(number)) }
        log.noteLost(5)
        log.tick(at: Sample.noon, isLast: true)
        // What waits in memory is not dropped yet.
        #expect((1...10_005).contains(log.status.dropped) && log.status.lastError != nil)
    }

    @Test("the key is private, prints as redacted, and gives way when it is unreadable")
    func key() throws {
        let room = try QueryLogRoom()
        var log = room.open()
        log.note(Sample.sighting(1))
        log.tick(at: Sample.noon, isLast: true)
        let path = QueryLogKey.path(room.scratch.path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let key = try QueryLogKey.load(room.scratch.path)
        let digest = try key.makeDigest()
        #expect("\(key)" == "<redacted>" && "\(digest)" == "<redacted>")
        try Files.writeAtomically(path, "short\n")
        log = room.open()
        log.note(Sample.sighting(2))
        log.tick(at: Sample.noon, isLast: true)
        #expect(Files.list(room.scratch.path).contains { $0.hasPrefix("querylog.key.unreadable-") })
        let found = try room.search()
        #expect(found.rows.count == 2 && found.outcome.filesOfOtherKeys == 1)
    }

    @Test("a hash reads back from its text, and nothing else is one") func subjectHash() throws {
        let digest = try KeyedDigest(key: [UInt8](repeating: 7, count: 32))
        for number in 0..<200 {
            let hash = digest.subject("0000\(number)")
            #expect(SubjectHash([UInt8](hash.description.utf8)) == hash)
            #expect(Base64URL.decode(hash.description)?.count == 16)
        }
        for text in ["", "A", String(repeating: "A", count: 21) + "B", "AAAAAAAAAAAAAAAAAAAAA="] {
            #expect(SubjectHash([UInt8](text.utf8)) == nil)
        }
    }
}
