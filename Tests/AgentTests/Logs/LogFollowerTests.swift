import Domain
import Glibc
import Platform
import Testing

@testable import Agent

@Suite("LogFollower") struct LogFollowerTests {
    @Test("lines come once, with the cursor behind them; a line without its end waits")
    func plain() throws {
        let log = try Following()
        log.write("a", "b")
        log.append("1795482000.000 c")
        try log.poll()
        #expect(log.seen == ["a", "b"] && log.cursor?.offset == 34)
        log.append("d\nbad\n")
        try log.poll()
        try log.poll()
        #expect(log.seen == ["a", "b", "cd"] && log.follower.notes.bad.count == 1)
        #expect(log.cursor?.offset == 52 && log.follower.cursor?.offset == 56)
        #expect(log.follower.notes.gapsTotal == 0)
    }

    @Test(
        "a log that comes late is read from its beginning; one that is there may be read from its end"
    )
    func firstLook() throws {
        let late = try Following(firstLook: .end)
        try late.poll()
        #expect(late.follower.notes.isMissing)
        late.write("a")
        try late.poll()
        #expect(late.seen == ["a"] && !late.follower.notes.isMissing)

        let there = try Following(firstLook: .end)
        there.write("a")
        there.append("1795482000.000 b")
        try there.poll()
        #expect(there.follower.cursor?.offset == 17)
        there.append("\n")
        there.write("c")
        try there.poll()
        #expect(there.seen == ["b", "c"])
    }

    @Test("a renamed log is read on until its successor holds something and it was quiet")
    func renamed() throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.move("npd.log", "npd.log.1")
        try log.poll()
        log.write("b", to: "npd.log.1")
        log.append("")
        try log.settle()
        log.write("c", to: "npd.log.1")
        try log.poll()
        #expect(log.seen == ["a", "b", "c"])
        log.write("d")
        try log.poll()
        log.write("e", to: "npd.log.1")
        try log.poll()
        #expect(log.seen == ["a", "b", "c", "e"])
        log.append("1795482000.000 f", to: "npd.log.1")
        try log.settle()
        #expect(log.seen == ["a", "b", "c", "e", "f", "d"])
        #expect(log.follower.notes.gapsTotal == 0)
    }

    @Test(
        "several rotations between two looks: all is read, in order",
        arguments: [
            ["npd.log.1", "npd.log.2", "npd.log.3"],
            ["npd.log-20261126", "npd.log-20261125", "npd.log-20261124"],
            ["npd-20261124-02.log", "npd-20261124-01.log", "npd-20261124-00.log"],
        ], [true, false])
    func rotations(_ names: [String], _ restarts: Bool) throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.write("b")
        log.move("npd.log", names[2])
        log.write("c", to: names[1])
        log.write("d", to: names[0])
        log.write("e")
        log.write("unrelated", to: "npd.log.error")
        log.write("unrelated", to: "other.log.1")
        if restarts { try log.start(at: log.cursor) }
        try log.settle()
        #expect(log.seen == ["a", "b", "c", "d", "e"])
        #expect(log.follower.notes.gapsTotal == 0)
    }

    @Test(
        "former files are known by their names",
        arguments: [
            ("npd.log.1", "number(1)"), ("npd.log.12.gz", "number(12) z"),
            ("npd.1.log", "number(1)"),
            ("npd.log-20261124", "date(\"20261124\")"),
            ("npd-20261124.log.xz", "date(\"20261124\") z"),
            ("npd.log-20261124-1795482000", "date(\"20261124-1795482000\")"), ("npd-2.log", ""),
            ("npd.log-2", ""), ("npd.log.error", ""), ("npd.log~", ""), ("xnpd.log.1", ""),
            ("npd.log.", ""),
            ("npd.log.1.bak", ""), ("npd.logs.1", ""),
        ])
    func names(_ name: String, _ age: String) {
        let found = RotatedLogs.age(of: name, beside: "npd.log")
        #expect(found.map { "\($0.0)\($0.isCompressed ? " z" : "")" } ?? "" == age)
    }

    @Test("what cannot be found is named", arguments: [true, false])
    func gaps(_ restarts: Bool) throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.move("npd.log", "npd.log.4")
        log.write("lost", to: "npd.log.3.gz")
        log.write("c", to: "npd.log.1")
        log.write("d")
        if restarts { try log.start(at: log.cursor) }
        try log.settle()
        #expect(log.seen == ["a", "c", "d"])
        let gaps = log.follower.notes.gaps
        #expect(gaps.count == 2 && log.follower.notes.gapsTotal == 2)
        #expect(gaps.contains { $0.contains("npd.log.3.gz was compressed before") })
        #expect(gaps.contains { $0.contains("npd.log.2 is gone") })
    }

    @Test("a file that is gone when the agent returns is a gap")
    func gone() throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.move("npd.log", "elsewhere")
        log.write("b")
        try log.start(at: log.cursor)
        try log.settle()
        #expect(log.seen == ["a", "b"] && log.follower.notes.gapsTotal == 1)
        #expect(log.follower.notes.gaps[0].contains("up to byte 17"))
    }

    @Test("copytruncate: what was not read stands in the copy", arguments: [true, false])
    func copyTruncate(_ restarts: Bool) throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.write("b")
        try log.copyTruncate()
        log.write("c")
        if restarts { try log.start(at: log.cursor) }
        try log.settle()
        #expect(log.seen == ["a", "b", "c"])
        // Filled beyond the former offset before anybody looked.
        log.write("d", "e")
        log.move("npd.log.1", "npd.log.2")
        try log.copyTruncate()
        log.write("f", "g", "h", "i")
        if restarts { try log.start(at: log.cursor) }
        try log.settle()
        #expect(log.seen == ["a", "b", "c", "d", "e", "f", "g", "h", "i"])
        #expect(log.follower.notes.gapsTotal == 0)
    }

    @Test(
        "truncation without a copy is a gap, and reading goes on from the beginning",
        arguments: [true, false])
    func truncated(_ restarts: Bool) throws {
        let log = try Following()
        log.write("a", "b")
        try log.poll()
        truncate(log.path, 0)
        log.write("c")
        if restarts { try log.start(at: log.cursor) }
        try log.poll()
        #expect(log.seen == ["a", "b", "c"] && log.follower.notes.gapsTotal == 1)
        #expect(log.follower.notes.gaps[0].contains("was truncated"))
    }

    @Test("the same lines under another inode are not counted again")
    func rewritten() throws {
        let log = try Following()
        log.write("a", "b")
        try log.poll()
        try Files.writeAtomically(log.path, try Files.read(log.path))
        log.write("c")
        try log.settle()
        #expect(log.seen == ["a", "b", "c"] && log.follower.notes.gapsTotal == 0)
    }

    @Test("a line whose taker throws comes again, and none is lost or doubled")
    func throwing() throws {
        struct Full: Error {}
        let log = try Following()
        log.write("a", "b", "c")
        var taken: [String] = []
        for _ in 0..<6 {
            var asked = 0
            try? log.follower.poll { line, _ in
                asked += 1
                if asked == 2 { throw Full() }
                taken.append(line.requestID)
            }
        }
        #expect(taken == ["a", "b", "c"])
    }

    @Test("a poll reads a bounded piece; the rest comes with the next")
    func bounded() throws {
        let log = try Following(bytesPerPoll: 1)
        for _ in 0..<4 { log.append(String(repeating: "1795482000.000 x\n", count: 10_000)) }
        try log.poll()
        #expect((10_000..<20_000).contains(log.seen.count))
        for _ in 0..<4 { try log.poll() }
        #expect(log.seen.count == 40_000)
    }

    @Test("a line that is too long is passed over, also when it comes in pieces")
    func tooLong() throws {
        let log = try Following()
        log.write("a")
        for _ in 0..<5 {
            log.append(String(repeating: "x", count: 700_000))
            try log.poll()
        }
        log.append("\n")
        log.write("b")
        try log.poll()
        #expect(log.seen == ["a", "b"] && log.follower.notes.bad.count == 1)
        try log.start(at: log.cursor)
        log.write("c")
        try log.poll()
        #expect(log.seen == ["a", "b", "c"])
    }

    @Test("what is no file is told, and followed once it is one")
    func noFile() throws {
        let log = try Following()
        mkdir(log.path, 0o700)
        try log.poll()
        #expect(log.follower.notes.trouble?.contains("no regular file") == true)
        rmdir(log.path)
        mkfifo(log.path, 0o600)
        try log.poll()
        #expect(log.follower.notes.trouble != nil)
        unlink(log.path)
        log.write("a")
        try log.poll()
        #expect(log.seen == ["a"] && log.follower.notes.trouble == nil)
    }

    @Test("device numbers may change with a restart of the machine")
    func devices() throws {
        let log = try Following()
        log.write("a")
        try log.poll()
        log.write("b")
        var cursor = try #require(log.cursor)
        cursor.device += 1
        try log.start(at: cursor)
        try log.poll()
        #expect(log.seen == ["a", "b"] && log.follower.notes.gapsTotal == 0)
    }

    /// Writes, rotates, copies and truncates, polls, crashes with and without a kept cursor: each line that
    /// was kept with its cursor is there once, and none is missing at the end.
    @Test("any order of rotations and crashes counts each line once", arguments: 0..<60)
    func simulation(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let log = try Following()
        var kept: (lines: [String], cursor: LogCursor?) = ([], nil)
        var written: [String] = []
        var gaps: Int64 = 0
        func shift() {
            for number in (1..<60).reversed() {
                log.move("npd.log.\(number)", "npd.log.\(number + 1)")
            }
        }
        func look() throws {
            log.now += Int64.random(in: 0..<3000, using: &random)
            struct Crash: Error {}
            let last = Int.random(in: 0..<40, using: &random)
            var asked = 0
            try? log.follower.poll { line, cursor in
                asked += 1
                if asked > last { throw Crash() }
                kept.lines.append(line.requestID)
                kept.cursor = cursor
            }
        }
        log.write("first")
        written.append("first")
        while kept.lines.isEmpty { try look() }
        for step in 0..<200 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<5:
                for piece in 0..<Int.random(in: 1..<8, using: &random) {
                    log.write("\(step)-\(piece)")
                    written.append("\(step)-\(piece)")
                }
            case 5..<9: try look()
            case 9:
                gaps += log.follower.notes.gapsTotal
                try log.start(at: kept.cursor)
            case 10 where Files.size(log.path) > 0:
                shift()
                log.move("npd.log", "npd.log.1")
            case 11 where Files.size(log.path) > 0:
                shift()
                try log.copyTruncate()
            default: break
            }
        }
        log.write("last")
        written.append("last")
        for _ in 0..<2000 where kept.lines.count < written.count { try look() }
        gaps += log.follower.notes.gapsTotal
        let isSame = kept.lines == written
        let missing = Set(written).subtracting(kept.lines).sorted().prefix(5)
        #expect(isSame, "seed \(seed): \(kept.lines.count) of \(written.count), not \(missing)")
        #expect(gaps == 0, "seed \(seed)")
    }
}
