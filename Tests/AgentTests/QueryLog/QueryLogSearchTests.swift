import Domain
import Glibc
import Platform
import Testing

@testable import Agent

@Suite("Query log: searching") struct QueryLogSearchTests {
    private func room(_ count: Int = 300) throws -> QueryLogRoom {
        let room = try QueryLogRoom()
        let log = room.open()
        for number in 0..<count { log.note(Sample.sighting(number)) }
        log.tick(at: Sample.noon, isLast: true)
        return room
    }

    @Test("each filter gives what it says, together they narrow") func filters() throws {
        let room = try room()
        func numbers(_ filter: SearchFilter) throws -> [Int] {
            try room.search(filter).column(.message).compactMap { Int($0.dropFirst(3)) }
        }
        var filter = SearchFilter(logins: ["canbo3"])
        #expect(try numbers(filter) == (0..<300).filter { $0 % 7 == 3 })
        filter.verdicts = [.deny]
        #expect(try numbers(filter) == (0..<300).filter { $0 % 7 == 3 && $0 % 5 == 0 })
        filter = SearchFilter(requests: ["ma-17", "cong-9"])
        #expect(try numbers(filter) == [9, 17])
        filter = SearchFilter(services: ["KhacHan"])
        #expect(try numbers(filter) == [])
        filter = SearchFilter()
        filter.from = Sample.noon.advanced(byMilliseconds: 10)
        filter.to = Sample.noon.advanced(byMilliseconds: 12)
        #expect(try numbers(filter) == [10, 11])
        filter.from = Timestamp("2026-11-26")
        filter.to = nil
        let later = try room.search(filter)
        #expect(later.rows.isEmpty && later.outcome.files == 0)
    }

    @Test("subjects are found by the number, and named by their line in the operator's file")
    func subjects() throws {
        let room = try room(1000)
        let path = room.scratch.path + "/numbers"
        try Files.writeAtomically(
            path,
            "\n \(Sample.askedSubject(5)) \r\n000000000000\n\(Sample.askedSubject(8))\n\(Sample.askedSubject(5))\n"
        )
        let digest = try QueryLogKey.load(room.scratch.path).makeDigest()
        let numbers = try SubjectFile(path).numbers
        #expect(numbers.map(\.line) == [2, 3, 4])
        var filter = SearchFilter()
        filter.subjects = Dictionary(
            uniqueKeysWithValues: numbers.map { (digest.subject($0.number), $0.line) })
        let found = try room.search(filter)
        #expect(found.column(.message) == ["ma-5", "ma-8", "ma-405", "ma-408", "ma-805", "ma-808"])
        #expect(found.subjectLines == [2, 4, 2, 4, 2, 4])
    }

    @Test("a limit says that there are more") func limit() throws {
        let room = try room()
        let some = try room.search(limit: 299)
        #expect(some.rows.count == 299 && some.outcome.isLimited && some.outcome.hits == 299)
        let all = try room.search(limit: 300)
        #expect(all.rows.count == 300 && !all.outcome.isLimited)
    }

    @Test("lines that are none are counted and passed over, however long") func garbage() throws {
        let room = try room(10)
        let long = String(repeating: "x", count: 20_000)
        let tabs = String(repeating: "\t", count: 8)
        #expect(
            room.shell(
                """
                { printf '\\n'; printf 'x\(tabs)\\n'; printf '\\0\\0\\0\\n'; printf '\(long)\\n'; \
                head -c 900000 /dev/zero | tr '\\0' y; printf '\\n'; tail -n 1 queries-2026-11-24.log; \
                printf 'half a line'; } > more && cat more >> queries-2026-11-24.log && rm more
                """))
        let found = try room.search()
        #expect(found.rows.count == 11 && found.outcome.unreadableLines == 5)
    }

    @Test("a file that gzip cannot read to its end is named; the others are shown") func damaged()
        throws
    {
        let room = try room()
        let next = Timestamp("2026-11-25T08:00:00")!
        let log = room.open(at: next)
        log.note(Sample.sighting(1000, at: next))
        log.tick(at: next, isLast: true)
        room.upkeep(at: next)
        #expect(room.shell("truncate -s -20 queries-2026-11-24.log.gz"))
        let found = try room.search()
        #expect(found.rows.last?.contains("ma-1000") == true)
        #expect(found.outcome.unreadableFiles.count == 1)
        #expect(
            found.outcome.unreadableFiles.first?.contains("queries-2026-11-24.log.gz") == true)
    }

    @Test("lines that crossed each other come in the order of time") func order() throws {
        let room = try QueryLogRoom()
        let log = room.open()
        var numbers = Array(0..<5000)
        for start in stride(from: 0, to: 5000, by: 500) {
            numbers[start..<start + 500].reverse()
        }
        for number in numbers { log.note(Sample.sighting(number)) }
        log.tick(at: Sample.noon, isLast: true)
        #expect(try room.search().column(.message) == (0..<5000).map { "ma-\($0)" })
    }

    private func record(_ room: QueryLogRoom, hits: Int64 = 3) -> SearchRecord {
        var filter = SearchFilter(logins: ["canbo3"])
        filter.subjects = [SubjectHash(high: 1, low: 2): 7]
        var outcome = QueryLogSearch.Outcome()
        outcome.hits = hits
        return SearchRecord(by: .current(), at: Sample.noon, filter: filter, outcome: outcome)
    }

    @Test("a search is written down: who, when, what, how many") func searchLog() throws {
        let room = try room(1)
        try record(room).append(to: room.folder.path, at: Sample.noon)
        // A line that was cut off stays alone.
        #expect(room.shell("printf '{\"at\":' >> searches.log"))
        try record(room, hits: 9).append(to: room.folder.path, at: Sample.noon)
        let lines = try room.text("searches.log").split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains("\"at\":\"2026-11-24T12:00:00.000+07:00\""))
        #expect(lines[0].contains("\"uid\":\(getuid())") && lines[0].contains("\"hits\":3"))
        #expect(lines[0].contains("\(SubjectHash(high: 1, low: 2))"))
        #expect(lines[2].contains("\"hits\":9"))
        var status = stat()
        #expect(stat("\(room.folder.path)/searches.log", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("a full record of searches is set aside, not cut") func searchLogRotation() throws {
        let room = try room(1)
        for _ in 0..<3 {
            #expect(room.shell("head -c 16777216 /dev/zero > searches.log; echo >> searches.log"))
            try record(room).append(to: room.folder.path, at: Sample.noon)
        }
        #expect(try room.text("searches.log").count < 1000)
        #expect(
            room.names.filter { $0.hasPrefix("searches-") } == [
                "searches-2026-11-24-2.log", "searches-2026-11-24-3.log", "searches-2026-11-24.log",
            ])
    }

    @Test(
        "a record that cannot be written is an error",
        arguments: [
            "mkdir searches.log", "ln -s /tmp/chot-elsewhere searches.log",
            "touch a && ln a searches.log", "mkfifo searches.log",
        ])
    func searchLogInTheWay(_ obstacle: String) throws {
        let room = try room(1)
        #expect(room.shell(obstacle))
        #expect(throws: FileError.self) {
            try record(room).append(to: room.folder.path, at: Sample.noon)
        }
        #expect(!Files.exists("/tmp/chot-elsewhere"))
    }

    @Test(
        "a file of subjects is checked; an error names the line and never the number",
        arguments: [
            ("", "no subject number"), ("000099000001\n0000 9900 0002\n", "line 2"),
            ("000099000001\nốc\n", "line 2"),
            ((0...10_000).map { "\($0)" }.joined(separator: "\n"), "at most 10000"),
        ])
    func subjectFile(_ text: String, _ says: String) throws {
        let scratch = try Scratch()
        try Files.writeAtomically(scratch.path + "/f", text)
        let error = #expect(throws: CommandFailure.self) { try SubjectFile(scratch.path + "/f") }
        let description = error?.description ?? ""
        #expect(description.contains(says) && !description.contains("9900"))
        #expect(error?.code == .badInput)
    }
}
