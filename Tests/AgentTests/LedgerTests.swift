import Domain
import Glibc
import Platform
import Testing

@testable import Agent

/// A folder that goes away with the test.
final class Scratch {
    let path: String

    init() throws {
        path = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try Files.makeFolder(path)
    }

    deinit { Scratch.remove(path) }

    private static func remove(_ path: String) {
        for name in Files.list(path) where unlink("\(path)/\(name)") != 0 {
            remove("\(path)/\(name)")
        }
        rmdir(path)
    }
}

@Suite("Ledger") struct LedgerTests {
    let allowed: [LedgerFile.Counter] = [.allowed]

    @Test("what was counted is there after a crash, row by row")
    func recovery() throws {
        let scratch = try Scratch()
        let opened = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon)
        for index in 0..<300 {
            #expect(
                opened.ledger.current.add(
                    Sample.query("canbo\(index % 7)"), window: .office, counters: allowed))
        }
        // Nothing is closed or synced: as after kill -9, the mapped file alone holds the counts.
        let again = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon)
        let left = try #require(again.left.first)
        #expect(left.torn == 0 && left.number == 1 && again.ledger.number == 2)
        #expect(left.file.rows().map(\.allowed).reduce(0, +) == 300)
        #expect(left.file.rows().count == 7)
    }

    @Test("a torn record is reported, the whole ones are kept")
    func torn() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/9"
        let ledger = try LedgerFile.create(path)
        ledger.start(at: Sample.noon)
        _ = ledger.add(Sample.query("mot"), window: .office, counters: allowed)
        _ = ledger.add(Sample.query("hai"), window: .office, counters: allowed)
        let map = try MappedFile.open(path)
        let marker = [UInt8]("hai".utf8)
        let place = try #require((4096..<8192).first { Array(map.bytes[$0..<$0 + 3]) == marker })
        map.bytes[place] = 0x78
        let (recovered, torn) = try LedgerFile.recover(path)
        #expect(torn == 1 && recovered.rows().map(\.login.rawValue) == ["mot"])
    }

    @Test("many rows are found again, in memory and after a crash")
    func many() throws {
        let scratch = try Scratch()
        let ledger = try LedgerFile.create("\(scratch.path)/9")
        ledger.start(at: Sample.noon)
        for round in 0..<2 {
            for index in 0..<5000 {
                let query = Sample.query("canbo\(index)")
                #expect(ledger.contains(query, window: .office, counter: .allowed) == (round == 1))
                #expect(ledger.add(query, window: .office, counters: allowed))
            }
        }
        let recovered = try LedgerFile.recover("\(scratch.path)/9")
        #expect(recovered.torn == 0 && recovered.ledger.recordCount == 5000)
        #expect(recovered.ledger.rows().allSatisfy { $0.allowed == 2 })
        #expect(
            recovered.ledger.contains(
                Sample.query("canbo4999"), window: .office, counter: .allowed))
    }

    @Test("two spellings of one letter are two accounts")
    func bytes() throws {
        let scratch = try Scratch()
        let ledger = try LedgerFile.create("\(scratch.path)/9")
        ledger.start(at: Sample.noon)
        for login in ["\u{e9}", "e\u{301}"] {
            _ = ledger.add(Sample.query(login), window: .office, counters: allowed)
        }
        #expect(ledger.rows().map(\.allowed) == [1, 1])
    }

    @Test(
        "a count and its log's cursor survive together, whichever store was the last",
        arguments: 0..<18)
    func journal(stores: Int) throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/9"
        let ledger = try LedgerFile.create(path)
        ledger.start(at: Sample.noon)
        let place = try #require(ledger.place(of: Sample.query(), .office, .allowed))
        var cursor = LedgerFile.Cursor(device: 1, inode: 2, offset: 100, fingerprint: 3)
        #expect(ledger.keep(cursor, of: 77, counting: place))
        // The next line, in another file, store by store as `keep` makes them, ended after `stores` of them.
        cursor = .init(device: 1, inode: 9, offset: 40, fingerprint: 4)
        let words: [UInt64] = [77, 1, 9, 40, 4]
        var all: [(Int, UInt64)] = [(72, UInt64(place)), (80, 2), (88, 192)]
        all += words.enumerated().map { (96 + $0 * 8, $1) } + [(64, 1)]
        all += [(place + LedgerFile.countOffset, 2)]
        all += words.enumerated().map { (192 + $0 * 8, $1) } + [(64, 0)]
        for (offset, value) in all.prefix(stores) { ledger.store(offset, value) }
        let (again, torn) = try LedgerFile.recover(path)
        let isDone = stores >= 9
        #expect(torn == 0 && again.rows().map(\.allowed) == [isDone ? 2 : 1])
        #expect(again.cursor(of: 77)?.offset == (isDone ? 40 : 100))
        // The real thing leaves the same.
        #expect(again.keep(cursor, of: 77, counting: isDone ? nil : place))
        #expect(again.cursor(of: 77) == cursor && again.rows().map(\.allowed) == [2])
    }

    @Test("a followed log that becomes another file keeps its place in one of them")
    func switched() throws {
        let scratch = try Scratch()
        let opened = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon)
        let old = LedgerFile.Cursor(device: 1, inode: 2, offset: 100, fingerprint: 3)
        let new = LedgerFile.Cursor(device: 1, inode: 9, offset: 40, fingerprint: 4)
        let ledger = opened.ledger.current
        let place = try #require(ledger.place(of: Sample.query(), .office, .allowed))
        #expect(ledger.keep(old, of: 5) && ledger.keep(old, of: 6))
        #expect(ledger.keep(new, of: 5, counting: place))
        #expect(ledger.cursor(of: 5) == new && ledger.cursor(of: 6) == old)
        for log in 10..<(10 + UInt64(LedgerFile.cursorsMax) - 2) {
            #expect(ledger.keep(old, of: log))
        }
        #expect(!ledger.keep(old, of: 999))
        // Sealed, and again after a restart, the next ledger stands where the last one did.
        let sealed = try opened.ledger.seal(at: Sample.noon)
        #expect(opened.ledger.current.cursor(of: 5) == new)
        opened.ledger.discard(sealed.number)
        let again = try Ledger.open(folder: scratch.path, after: 1, from: Sample.noon)
        #expect(again.ledger.current.cursor(of: 5) == new)
    }

    @Test(
        "intervals join end to start; where the clock was set back for good, the next begins at the time it is"
    )
    func contiguous() throws {
        let scratch = try Scratch()
        let ledger = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon).ledger
        var end = Sample.noon
        for step in [1000, -5_000_000, 0, 3_600_000, -1] as [Int64] {
            if !ledger.hasSpare { ledger.take(spare: try ledger.makeSpare()) }
            let now = Sample.noon.advanced(byMilliseconds: step)
            let sealed = try ledger.seal(at: now)
            #expect(sealed.file.from == end && sealed.file.to >= sealed.file.from)
            end = sealed.file.to.milliseconds - now.milliseconds > 300_000 ? now : sealed.file.to
            #expect(ledger.current.from == end)
        }
    }

    @Test("an interval is taken into the outbox once, by its ledger number")
    func once() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1)
        let row = SummaryRow(
            login: Login("a")!, service: Sample.service, hour: Sample.noon, window: .office,
            allowed: 4)
        let interval = Interval(from: Sample.noon, to: Sample.noon, rows: [row])
        try outbox.take(interval, ledger: 5)
        try outbox.take(interval, ledger: 5)
        try outbox.take(interval, ledger: 4)
        #expect(try outbox.backlog().intervals == 1)
        let day = OfficeCalendar.letter.bounds(ofDay: CalendarDate("2026-11-24")!)
        #expect(try outbox.used(from: day.lowerBound).map(\.allowed) == [4])
        #expect(try outbox.used(from: day.upperBound).isEmpty)
        #expect(try outbox.lastTaken().ledger == 5)
    }

    @Test("the flood of made-up logins folds, the registered account stays exact")
    func flood() throws {
        let scratch = try Scratch()
        let ledger = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon).ledger
        let gate = Gate(
            rules: GateRules(
                policy: Sample.policy(perDay: 1_000_000, office: 1_000_000), sets: []))
        let checkpoint = Checkpoint(gate: gate, ledger: ledger, wake: WakeEvent())
        for index in 0..<6000 {
            _ = checkpoint.judge(Sample.query("gia\(index)"))
            _ = checkpoint.judge(Sample.query())
        }
        let cut = try checkpoint.seal(at: Sample.noon)
        let rows = cut.sealed.file.rows()
        #expect(rows.count <= Int(UnknownNames.Limits.rows.rows) + 2)
        #expect(rows.first { $0.login.rawValue == "canbo1" }?.allowed == 6000)
        #expect(rows.map(\.deniedTotal).reduce(0, +) == 6000)
        #expect(cut.folded == Int64(6000 - Int(UnknownNames.Limits.rows.rows)))
    }

    @Test(
        "what is counted after the time was set back stands in an interval of its own, in its own hours"
    )
    func timeSetBack() throws {
        let scratch = try Scratch()
        let ledger = try Ledger.open(folder: scratch.path, after: 0, from: Sample.noon).ledger
        let gate = Gate(rules: GateRules(policy: Sample.policy(perDay: 1000), sets: []))
        let checkpoint = Checkpoint(gate: gate, ledger: ledger, wake: WakeEvent())
        let before = Sample.noon.advanced(byMilliseconds: -3 * Timestamp.millisecondsPerHour)
        // A first seal makes the spare.
        _ = try checkpoint.seal(at: Sample.noon)
        _ = checkpoint.judge(Sample.query())
        for login in ["canbo1", "la"] { _ = checkpoint.judge(Sample.query(login, at: before)) }
        _ = checkpoint.countMalformed(at: before)
        let parked = checkpoint.takeParked()
        #expect(parked.map { $0.sealed.file.rows().map(\.hour) } == [[Sample.noon]])
        #expect(checkpoint.hasBreaches == false, "taken once")
        let cut = try checkpoint.seal(at: before.advanced(byMilliseconds: 1000))
        #expect(cut.sealed.number == parked[0].sealed.number + 1)
        #expect(cut.sealed.file.from == before)
        #expect(Set(cut.sealed.file.rows().map(\.hour)) == [before])
        #expect(cut.sealed.file.rows().reduce(0) { $0 + $1.queries } == 3)
    }
}

@Suite("Ledger half written") struct HalfWrittenLedgerTests {
    @Test("a count that no interval can hold is left out and told as torn; the others stand")
    func absurd() throws {
        let scratch = try Scratch()
        let file = try LedgerFile.create("\(scratch.path)/1")
        file.start(at: Sample.noon)
        for login in ["canbo1", "canbo2"] {
            #expect(
                file.add(
                    Sample.query(login), window: .office, counters: [LedgerFile.Counter.allowed]))
        }
        file.store(LedgerFile.headerBytes + LedgerFile.countOffset, UInt64(Int64.max))
        let (again, torn) = try LedgerFile.recover("\(scratch.path)/1")
        #expect(torn == 1)
        #expect(again.rows().map(\.login.rawValue) == ["canbo2"])
    }
}
