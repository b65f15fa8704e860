import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// An outbox, and an agent that seals a minute at a time.
private final class Spool {
    static let minute: Int64 = 60_000
    let scratch: Scratch
    private(set) var outbox: Outbox
    private let bounds: OutboxBounds
    private(set) var now = Timestamp("2026-11-01T07:00:00")!
    private var number: Int64 = 0
    private(set) var counted: Int64 = 0
    private(set) var dropped = OutboxLoss()

    init(_ bounds: OutboxBounds = .init()) throws {
        scratch = try Scratch()
        self.bounds = bounds
        outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1, bounds: bounds)
    }

    func restart() throws {
        outbox = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1, bounds: bounds)
    }

    /// Minutes with a few accounts each, `more` of them seen only once.
    func run(minutes: Int, accounts: Int = 3, more: Int = 0, every: Int = 1) throws {
        for _ in 0..<minutes / every {
            number += 1
            let from = now
            now = now.advanced(byMilliseconds: Int64(every) * Self.minute)
            var rows = (0..<accounts).map { row("canbo\($0)", from) }
            rows += (0..<more).map { row("gia\(number)x\($0)", from) }
            counted += Int64(rows.count) * 2
            try outbox.take(Interval(from: from, to: now, rows: rows), ledger: number)
            try outbox.mergeHours()
            try note(outbox.enforceBounds(sure: now))
        }
        try outbox.prune(sure: now)
    }

    private func note(_ loss: OutboxLoss) {
        dropped.intervals += loss.intervals
        dropped.rows += loss.rows
        dropped.queries += loss.queries
        dropped.kept += loss.kept
    }

    private func row(_ login: String, _ at: Timestamp) -> SummaryRow {
        SummaryRow(
            login: Login(login)!, service: Sample.service, hour: at.hourStart, window: .office,
            allowed: 2)
    }

    /// Signs what waits, as payloads without signature, and acknowledges it.
    func send(acknowledge: Bool = true) throws -> [Summary] {
        var sent: [Summary] = []
        while try sign(into: &sent) {
            guard acknowledge else { break }
            for signed in try outbox.waiting() {
                try outbox.settle(signed.epoch, signed.seq)
            }
        }
        return sent
    }

    private func sign(into sent: inout [Summary]) throws -> Bool {
        var made: [Summary] = []
        let did = try outbox.sign(at: now) { interval, position, store in
            let groups = SummaryPart.packed(interval)
            for (index, group) in groups.enumerated() {
                let summary = Summary(
                    agent: AgentID(system: Sample.system, number: 1), system: Sample.system,
                    epoch: position.epoch, seq: position.seq + Int64(index) + 1,
                    part: .init(n: index + 1, of: groups.count), prev: "", from: interval.from,
                    to: interval.to, everyMilliseconds: Self.minute, clockOffsetMilliseconds: nil,
                    held: .init(), downtime: index == 0 ? interval.downtime : nil,
                    dropped: index == 0 ? interval.dropped : [:], refusedSets: [:],
                    breaches: group.breaches, rows: group.rows)
                made.append(summary)
                try store(try JWS.sign(summary, typ: Summary.typ, with: Self.key), summary.seq)
            }
        }
        sent += made
        return did
    }

    private static let key = try? Ed25519PrivateKey.generate()
}

extension JWS {
    fileprivate static func sign(_ summary: Summary, typ: String, with key: Ed25519PrivateKey?)
        throws -> String
    {
        try sign(summary, typ: typ, with: #require(key))
    }
}

private func allowed(_ summaries: [Summary]) -> Int64 {
    summaries.flatMap(\.rows).map(\.allowed).reduce(0, +)
}

@Suite("What the outbox may hold") struct OutboxBoundsTests {
    @Test("a day without the collector is at most one summary an hour, and no count is lost")
    func herd() throws {
        let spool = try Spool()
        try spool.run(minutes: 24 * 60)
        #expect(try spool.outbox.backlog().intervals <= 24 + 8)
        let sent = try spool.send()
        #expect(sent.count == 24 && allowed(sent) == spool.counted)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.to == $1.from })
        #expect(sent.map(\.seq) == Array(1...24))
    }

    @Test("hours are put together with many accounts too, and after a restart")
    func manyAccounts() throws {
        let spool = try Spool()
        try spool.run(minutes: 50, accounts: 600, every: 5)
        try spool.restart()
        try spool.run(minutes: 50, accounts: 600, every: 5)
        #expect(try spool.outbox.backlog().intervals <= 2 + 8)
        let sent = try spool.send()
        #expect(Set(sent.map(\.from)).count == 2 && allowed(sent) == spool.counted)
        #expect(sent.count == 2, "the same accounts of one hour take no more room than once")
    }

    @Test("forty days away: the oldest ten are dropped, counted, and leave a gap")
    func age() throws {
        let spool = try Spool()
        let start = spool.now
        try spool.run(minutes: 40 * 24 * 60, every: 20)
        let sent = try spool.send()
        let first = try #require(sent.first)
        // What ends exactly thirty days ago still waits.
        let gap = 10 * Timestamp.millisecondsPerDay - Timestamp.millisecondsPerHour
        #expect(first.from == start.advanced(byMilliseconds: gap))
        #expect(sent.count == 30 * 24 + 1)
        let lost = spool.counted - allowed(sent)
        #expect(lost == 239 * 3 * 6)
        #expect(first.dropped["spool"] == lost && first.dropped["spool_intervals"] == 239)
        #expect(sent.dropFirst().allSatisfy { $0.dropped.isEmpty })
        #expect(try spool.outbox.lossTotal().queries == lost && spool.dropped.queries == lost)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.to == $1.from })
    }

    @Test("bytes are bounded; what is dropped is the oldest, and told once")
    func bytes() throws {
        let spool = try Spool(OutboxBounds(bytesMax: 256 << 10))
        try spool.run(minutes: 200, more: 40)
        let backlog = try spool.outbox.backlog()
        #expect(backlog.bytes <= 256 << 10 && backlog.bytes > 128 << 10)
        let sent = try spool.send()
        let told = sent.compactMap { $0.dropped["spool"] }
        #expect(told == [spool.counted - allowed(sent)] && told[0] > 0)
        #expect(sent.last?.to == spool.now)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.to == $1.from })
        try spool.run(minutes: 10)
        #expect(try spool.send().allSatisfy { $0.dropped.isEmpty })
    }

    @Test("acknowledged summaries go first, and nobody's count with them")
    func keptGoFirst() throws {
        let spool = try Spool(OutboxBounds(bytesMax: 256 << 10))
        for _ in 0..<30 {
            try spool.run(minutes: 10, more: 40)
            _ = try spool.send()
        }
        try spool.run(minutes: 1)
        #expect(spool.dropped.kept > 0 && spool.dropped.queries == 0)
        let backlog = try spool.outbox.backlog()
        #expect(backlog.keptBytes <= 256 << 10 && backlog.keptBytes > 128 << 10)
        #expect(try spool.outbox.lossTotal().kept == spool.dropped.kept)
    }

    @Test("acknowledged summaries are kept eight days")
    func kept() throws {
        let spool = try Spool()
        for _ in 0..<12 {
            try spool.run(minutes: 24 * 60, every: 60)
            _ = try spool.send()
        }
        #expect(try spool.outbox.backlog().kept == 8 * 24 + 24)
        #expect(try spool.outbox.sendAgain(epoch: 1, from: 12 * 24 - 8 * 24))
    }

    @Test("a signed seal is dropped whole, and what it told of losses goes with the next")
    func signedFirst() throws {
        let spool = try Spool(OutboxBounds(bytesMax: 512 << 10))
        try spool.run(minutes: 3, accounts: 0, more: 900)
        let signed = try spool.send(acknowledge: false)
        #expect(signed.contains { $0.part.of > 1 })
        try spool.run(minutes: 6, accounts: 0, more: 900)
        #expect(try spool.outbox.waiting().isEmpty, "no part of it is left alone")
        let sent = try spool.send()
        #expect(sent.compactMap { $0.dropped["spool"] } == [spool.counted - allowed(sent)])
    }

    @Test("a bypass is not forgotten by filling the spool")
    func bypass() throws {
        let spool = try Spool(OutboxBounds(bytesMax: 64 << 10))
        let note = BypassNote(
            from: spool.now, until: spool.now, reason: "thử nghiệm", by: "uid 0 root")
        var interval = Interval(from: spool.now, to: spool.now)
        interval.bypass = note
        interval.dropped = ["folded": 3]
        try spool.outbox.take(interval, ledger: 0)
        #expect(try spool.outbox.backlog().intervals == 0, "numbers begin at 1")
        let outbox = spool.outbox
        for number in Int64(1)...400 {
            let from = spool.now.advanced(byMilliseconds: number * 3_600_000)
            var next = Interval(from: from, to: from.advanced(byMilliseconds: 1000))
            if number == 1 { next = interval }
            next.rows = (0..<5).map {
                SummaryRow(
                    login: Login("canbo\($0)")!, service: Sample.service, hour: from.hourStart,
                    window: .office, allowed: 1)
            }
            try outbox.take(next, ledger: number)
            _ = try outbox.enforceBounds(sure: from)
        }
        let first = try #require(
            try outbox.database.use { try Outbox.interval(after: .min, in: $0)?.interval })
        #expect(first.bypass == note && first.from > interval.from)
        #expect(try outbox.lossTotal().intervals > 0)
    }

    @Test("a clock that is ahead by mistake makes nothing old")
    func sureTime() throws {
        let spool = try Spool()
        try spool.run(minutes: 120)
        #expect(try spool.outbox.enforceBounds(sure: spool.now).isEmpty)
        try spool.outbox.prune(sure: spool.now)
        #expect(
            try spool.outbox.used(from: spool.now.advanced(byMilliseconds: -7_200_000)).count == 6)
    }

    @Test("a new epoch numbers anew what was not acknowledged, seals whole")
    func adopt() throws {
        let spool = try Spool()
        try spool.run(minutes: 3, accounts: 0, more: 900)
        let before = try spool.send(acknowledge: false)
        #expect(before.count > 1)
        try spool.run(minutes: 70)
        try spool.outbox.adopt(epoch: 7)
        let sent = try spool.send()
        #expect(sent.allSatisfy { $0.epoch == 7 } && sent.first?.seq == 1)
        #expect(allowed(sent) == spool.counted)
        // What was signed stays alone, since it may have arrived; then what is left of two hours.
        #expect(Set(sent.map(\.from)).count == 3)
    }

    @Test("the file shrinks again after a long time away")
    func shrinks() throws {
        let spool = try Spool()
        func pages() throws -> Int64 {
            try spool.outbox.database.use {
                try $0.first("PRAGMA page_count") { $0.integer(0) } ?? 0
            }
        }
        try spool.run(minutes: 8 * 60, accounts: 0, more: 1500, every: 60)
        _ = try spool.send()
        let large = try pages()
        for _ in 0..<10 { try spool.run(minutes: 24 * 60, accounts: 1, every: 120) }
        let small = try pages()
        #expect(small < large * 2 / 3, "what is free is given back but for 1 MiB")
    }

    @Test("a file of the earlier version is taken over")
    func earlier() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.db"
        do {
            let db = try SQLiteConnection(path: path)
            try db.execute(
                """
                CREATE TABLE summary (
                    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, jws TEXT NOT NULL, state INTEGER NOT NULL,
                    signed_at INTEGER NOT NULL, PRIMARY KEY (epoch, seq)) STRICT, WITHOUT ROWID;
                INSERT INTO summary VALUES (1, 1, 'aăb', 1, 0), (1, 2, 'abc', 0, 0);
                """)
        }
        let outbox = try Outbox(path: path, epoch: 1)
        let backlog = try outbox.backlog()
        #expect(backlog.keptBytes == 4 && backlog.bytes == 3 && backlog.summaries == 1)
    }
}
