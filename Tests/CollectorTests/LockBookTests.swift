import Domain
import Glibc
import Platform
import Testing
import Wire
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// A nation of small systems in memory, and a clock that is set by hand.
struct Nation {
    let records: Records
    let config: CollectorConfig
    let key: Ed25519PrivateKey
    var now = Timestamp("2026-11-24T09:00:00+07:00")!

    init(systems: Int = 3, policy: String = "{}") throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        records = Records(db: db)
        let path = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max)).json5"
        defer { unlink(path) }
        try Files.writeAtomically(path, "{ state: \"/tmp/none\", policy: \(policy) }")
        config = try CollectorConfig.load(path)
        key = try Ed25519PrivateKey.generate()
        var units = "code,name,kind\n"
        var list = "code,unit,name\n"
        var services = "system,service,office_per_day,off_per_day\n"
        var accounts = "system,login,full_name,cccd,per_day\n"
        for index in 0..<systems {
            units += "H\(10 + index),Đơn vị \(index),province\n"
            list += "H\(10 + index).mot,H\(10 + index),Hệ thống \(index)\n"
            services += "H\(10 + index).mot,Tra,1000,100\n"
            accounts += "H\(10 + index).mot,canbo1,NGUYENVANMAU,0000000000\(10 + index),5\n"
        }
        let files: [(RegistryKind, String)] = [
            (.units, units), (.systems, list), (.services, services), (.accounts, accounts),
        ]
        for (kind, text) in files {
            _ = try RegistryImport(records: records, replaces: false).run(
                kind, file: "\(kind).csv", text: text)
        }
        for index in 0..<systems { try records.setMode(system(index), .enforce) }
    }

    var book: LockBook {
        LockBook(records: records, config: config, signingKey: key, now: now)
    }

    func system(_ index: Int) -> SystemCode { SystemCode(unchecked: "H\(10 + index).mot") }
    func account(_ index: Int) -> Scope { .account(Login("canbo1")!, system(index)) }

    /// Examines a summary of allowed queries of `canbo1` in the hour of `at`.
    func count(_ allowed: Int64, at: Timestamp, seq: Int64 = 1, system index: Int = 0) throws {
        let record = try #require(try records.system(system(index)))
        let row = SummaryRow(
            login: Login("canbo1")!, service: ServiceName("Tra")!, hour: at.hourStart,
            window: config.calendar.window(at: at).kind, allowed: allowed)
        let summary = Summary(
            agent: AgentID(system: record.code, number: 1), system: record.code, epoch: 1, seq: seq,
            part: .init(n: 1, of: 1), prev: "", from: at, to: at, everyMilliseconds: 60_000,
            clockOffsetMilliseconds: nil, held: .init(), downtime: nil, dropped: [:],
            refusedSets: [:], breaches: [], rows: [row])
        try Detection(
            records: records, book: book, config: config, system: record,
            policy: try records.terms(record, config, at: now), now: now
        ).examine(summary)
    }

    func order(_ index: Int, reason: String = "R4") -> LockBook.Order {
        LockBook.Order(
            scope: .system(system(index)), reason: reason, note: "", issuedBy: reason, key: "k",
            k: 1)
    }
}

@Suite("LockBook") struct LockBookTests {
    @Test("one breach makes one lock, however often it is told")
    func once() throws {
        let nation = try Nation()
        try nation.count(11, at: nation.now)
        try nation.count(3, at: nation.now, seq: 2)
        let locks = try nation.records.locks()
        #expect(locks.map(\.reason) == ["R1"] && locks.first?.scope == nation.account(0))
        #expect(locks.first?.expiresAt == Timestamp("2026-11-25T07:00:00+07:00"))
    }

    @Test("late summaries alert and never lock a day or window that is past")
    func late() throws {
        var nation = try Nation()
        let yesterday = nation.now
        nation.now = nation.now.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
        try nation.count(50, at: yesterday)
        #expect(try nation.records.locks().isEmpty)
        #expect(try nation.records.alerts().contains { $0.rule == "R1" })
    }

    @Test("the third lock by one rule in 30 days has no end: until it is explained")
    func repeatOffender() throws {
        var nation = try Nation()
        for day in 1...3 {
            try nation.count(11, at: nation.now, seq: Int64(day))
            nation.now = nation.now.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
        }
        #expect(try nation.records.locks().map { $0.expiresAt == nil } == [false, false, true])
    }

    @Test("locks found mistaken make nobody a repeat offender")
    func mistaken() throws {
        var nation = try Nation()
        for day in 1...3 {
            try nation.count(11, at: nation.now, seq: Int64(day))
            let lock = try #require(try nation.records.locks().last)
            try nation.book.release(lock, by: "staff", note: "", outcome: "mistaken")
            nation.now = nation.now.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
        }
        #expect(try nation.records.locks().allSatisfy { $0.expiresAt != nil })
    }

    @Test("beyond max(3, 10 %) systems in an hour the breaker makes proposals of detectors' locks")
    func breaker() throws {
        var nation = try Nation(systems: 12)
        for index in 0..<6 { try nation.book.issueAutomatically(nation.order(index)) }
        #expect(
            try nation.records.locks().map(\.state)
                == [.active, .active, .active, .proposed, .proposed, .proposed])
        #expect(try nation.records.alerts().contains { $0.message.en.contains("over the limit") })
        // The letter's own numbers go on.
        try nation.count(11, at: nation.now, system: 7)
        #expect(try nation.records.locks().last?.state == .active)
        nation.now = nation.now.advanced(byMilliseconds: Breaker.hourMilliseconds + 1)
        #expect(try nation.book.issueAutomatically(nation.order(8)).state == .active)
    }

    @Test("an exempt system is proposed for, never locked automatically; its volumes only alert")
    func exempt() throws {
        let nation = try Nation(policy: "{ exempt: [\"H10.mot\"] }")
        #expect(try nation.book.issueAutomatically(nation.order(0)).state == .proposed)
        try nation.count(50, at: nation.now)
        #expect(try nation.records.locks().map(\.state) == [.proposed])
        #expect(try nation.records.alerts().contains { $0.rule == "R1" })
    }

    @Test("a corrected volume voids the lock that the wrong one made, and the right one locks anew")
    func rejudged() throws {
        let nation = try Nation()
        try nation.count(11, at: nation.now)
        _ = try RegistryImport(records: nation.records, replaces: false).run(
            .accounts, file: "accounts.csv",
            text:
                "system,login,full_name,cccd,per_day\nH10.mot,canbo1,NGUYENVANMAU,000000000010,20\n"
        )
        let released = try nation.book.rejudge(nation.records.systems(), outcome: "mistaken")
        #expect(released.count == 1)
        try nation.count(29, at: nation.now, seq: 2)
        #expect(try nation.records.locks(state: .active).isEmpty)
        try nation.count(1, at: nation.now, seq: 3)
        #expect(try nation.records.locks(state: .active).count == 1)
    }

    @Test("a release waives the breach that the counts have reached")
    func release() throws {
        let nation = try Nation()
        try nation.count(27, at: nation.now)
        let lock = try #require(try nation.records.locks().last)
        try nation.book.release(lock, by: "staff", note: "", outcome: nil)
        try nation.count(2, at: nation.now, seq: 2)
        #expect(try nation.records.locks(state: .active).isEmpty)
        #expect(try nation.records.waivers(at: nation.now).map(\.nextK) == [6])
        try nation.count(2, at: nation.now, seq: 3)
        #expect(try nation.records.locks(state: .active).count == 1)
    }

    @Test("staff's locks end when they say, and the sets say so")
    func expiry() throws {
        var nation = try Nation()
        let scope = Scope("unit=H10")!
        try nation.book.issue(
            .init(
                scope: scope, reason: "staff", note: "thử", issuedBy: "uid 0 root",
                expiresAt: nation.now.advanced(byMilliseconds: 1000)))
        #expect(try !nation.book.expire(by: nation.now))
        nation.now = nation.now.advanced(byMilliseconds: 1000)
        #expect(try nation.book.expire(by: nation.now))
        let jws = try #require(try nation.records.lockSet(.nation)?.jws)
        let set = try decodeJSON(LockSet.self, JWS.parse(jws.utf8).payload)
        #expect(set.locks.isEmpty && set.version.counter == 2)
    }
}

@Suite("Clock hours") struct ClockHoursTests {
    @Test(
        "hours of a notice are read as they are written",
        arguments: [
            ("20", [20]), ("22-1", [22, 23, 0, 1]), ("5,7-8", [5, 7, 8]), (" 3 - 4 ", [3, 4]),
        ])
    func reads(_ text: String, _ hours: [Int]) { #expect(clockHours(text) == Set(hours)) }

    @Test("what is no hour is refused", arguments: ["", "24", "a", "1-", "-1", "1-2-3", "1,,2"])
    func refuses(_ text: String) { #expect(clockHours(text) == nil) }
}
