import Domain
import Glibc
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDelivery
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("What is kept and how long") struct RetentionTests {
    static let now = Timestamp("2026-11-24T09:00:00+07:00")!
    static let agent = AgentID(unchecked: "H10.mot/1")

    /// A database in a file with a chain of signed summaries, the oldest first, one a `every`.
    final class Archive {
        let path = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max)).db"
        private(set) var store: SQLiteStore
        var texts: [Int64: String] = [:]

        init(_ count: Int64, every: Int64, agedDays: Int64 = 0) throws {
            store = try SQLiteStore(path: path)
            let key = try Ed25519PrivateKey.generate()
            var random = Seeded(state: UInt64(count))
            var prev = ""
            let start = RetentionTests.now.advanced(
                byMilliseconds: -count * every - agedDays * 86_400_000)
            try store.write { records in
                for seq in 1...count {
                    let from = start.advanced(byMilliseconds: (seq - 1) * every)
                    let rows = (0..<random.below(12)).map {
                        SummaryRow(
                            login: Login(unchecked: "canbo\($0)"),
                            service: ServiceName(unchecked: "Tra"), hour: from.hourStart,
                            window: .office, allowed: Int64(random.below(40)))
                    }
                    let summary = Summary(
                        agent: RetentionTests.agent, system: SystemCode(unchecked: "H10.mot"),
                        epoch: 1, seq: seq, part: .init(n: 1, of: 1), prev: prev, from: from,
                        to: from.advanced(byMilliseconds: every), everyMilliseconds: every,
                        clockOffsetMilliseconds: nil, held: .init(), downtime: nil, dropped: [:],
                        refusedSets: [:], breaches: [], rows: rows)
                    let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
                    prev = JWS.digest(jws)
                    texts[seq] = jws
                    try records.keep(
                        summary, jws: jws, hash: prev, content: summary.contentDigest,
                        state: "counted", at: summary.to)
                }
            }
        }

        /// As after the end of a process.
        func reopen() throws { store = try SQLiteStore(path: path) }

        deinit { for end in ["", "-wal", "-shm"] { unlink(path + end) } }

        var retention: Retention {
            Retention(RetentionSettings(), store: store, metrics: Metrics())
        }

        func count(_ table: String) throws -> Int64 {
            try store.read {
                try $0.db.first("SELECT COUNT(*) FROM \(table)") { $0.integer(0) } ?? -1
            }
        }

        func read(_ seq: Int64) throws -> String? {
            try store.read { try $0.evidence(RetentionTests.agent, epoch: nil, seq: seq)?.jws }
        }

        func pin(_ seq: Int64, at time: Timestamp) throws {
            try store.write {
                try $0.pin("[{\"agent\":\"H10.mot/1\",\"epoch\":1,\"seq\":\(seq)}]", at: time)
            }
        }
    }

    @Test(
        "what was refused is kept once, the first 64 of an agent, as long as evidence or its alert")
    func refusedSummaries() throws {
        let archive = try Archive(1, every: 60_000)
        let taken = try #require(archive.texts[1])
        let summary = try decodeJSON(Summary.self, try JWS.parse(taken.utf8).payload)
        let max = Int64(Records.refusedSummariesMax)
        let year = Self.now.advanced(byMilliseconds: -366 * 86_400_000)
        try archive.store.write { records in
            for number in (0...max).map(String.init) + ["0"] {
                let isKept = try records.keepRefused(
                    summary, kind: "fork", jws: number, hash: number, at: year)
                #expect(isKept == (number != "\(max)"))
            }
        }
        #expect(
            try archive.store.read {
                try $0.refusedSummaries(Self.agent, epoch: nil, seq: 1).map(\.jws)
            } == (0..<max).map(String.init))
        try archive.pin(1, at: year)
        try archive.retention.prune(now: Self.now)
        #expect(try archive.count("refused_summary") == max)
        try archive.retention.prune(now: Self.now.advanced(byMilliseconds: 5 * 366 * 86_400_000))
        #expect(try archive.count("refused_summary") == 0)
    }

    @Test("summaries come out of their blocks as they were signed") func packing() throws {
        let archive = try Archive(500, every: 60_000)
        try archive.retention.pack(now: Self.now)
        // Two whole blocks; what is left is too few and too fresh.
        #expect(try archive.count("evidence_block") == 2)
        #expect(try archive.count("summary WHERE jws <> ''") == 20)
        for (seq, text) in archive.texts { #expect(try archive.read(seq) == text) }
        #expect(try archive.read(501) == nil)
        try archive.retention.pack(now: Self.now.advanced(byMilliseconds: 2 * 86_400_000))
        #expect(try archive.count("summary WHERE jws <> ''") == 0)
        for (seq, text) in archive.texts { #expect(try archive.read(seq) == text) }
    }

    @Test("what does not come back byte for byte, or breaks the chain, stays as it is")
    func unsound() throws {
        let archive = try Archive(240, every: 60_000)
        func set(_ seq: Int64, _ text: String) throws {
            archive.texts[seq] = text
            try archive.store.write {
                _ = try $0.db.run(
                    "UPDATE summary SET jws = ?, hash = ? WHERE seq = ?", .text(text),
                    .text(JWS.digest(text)), .integer(seq))
            }
        }
        // Signed texts hold 86 characters of signature: 4 bits of the last are not used.
        let text = try #require(archive.texts[7])
        try set(7, String(text.dropLast()) + (text.hasSuffix("B") ? "C" : "B"))
        try set(9, "keine.Ahnung")
        try archive.retention.pack(now: Self.now)
        let raw = try archive.store.read {
            try $0.db.rows("SELECT seq FROM summary WHERE jws <> ''") { $0.integer(0) }
        }
        // 8 names another one before it.
        #expect(Set(raw).isSuperset(of: [7, 9]) && raw.count <= 4)
        for (seq, text) in archive.texts { #expect(try archive.read(seq) == text) }
    }

    @Test("a block that is damaged is said, whatever the damage") func corrupt() throws {
        let archive = try Archive(240, every: 60_000)
        try archive.retention.pack(now: Self.now)
        let sound = try #require(
            try archive.store.read {
                try $0.db.first("SELECT archive FROM evidence_block") { $0.blob(0) }
            })
        for place in stride(from: 0, to: sound.count, by: sound.count / 9) {
            var bytes = sound
            bytes[place] ^= 0x10
            try archive.store.write {
                _ = try $0.db.run("UPDATE evidence_block SET archive = ?", .blob(bytes))
            }
            do {
                #expect(try archive.read(100) == archive.texts[100])
            } catch {
                #expect("\(error)".contains("summary 100 of agent H10.mot/1"))
            }
        }
        try archive.store.write { _ = try $0.db.run("DELETE FROM evidence_block") }
        #expect(throws: EvidenceProblem.self) { try archive.read(100) }
        #expect(try archive.store.read { try $0.stored(Self.agent, epoch: 1, seq: 100) } != nil)
    }

    /// Refuses one statement, by its number; then all, as a process that has ended.
    final class Ending: StorageFaults, @unchecked Sendable {
        var left: Int
        init(_ left: Int) { self.left = left }
        func refusal(of step: StorageStep, _ path: String) -> Int32 {
            guard case .statement = step else { return 0 }
            left -= 1
            return left < 0 ? EIO : 0
        }
    }

    @Test("ended between any two statements, it goes on and loses nothing")
    func crashes() throws {
        for place in [0, 2, 5, 90, 244, 245, 246, 247, 249] {
            let archive = try Archive(240, every: 60_000, agedDays: 0)
            try? StorageSeam.withFaults(Ending(place)) { try archive.retention.pack(now: Self.now) }
            try archive.reopen()
            for seq in [Int64(1), 100, 240] { #expect(try archive.read(seq) == archive.texts[seq]) }
            try archive.retention.pack(now: Self.now)
            #expect(try archive.count("evidence_block") == 1)
            for (seq, text) in archive.texts { #expect(try archive.read(seq) == text) }
        }
    }

    @Test("old summaries go, those that an alert cites stay five years") func pruning() throws {
        let archive = try Archive(480, every: 60_000, agedDays: 400)
        try archive.pin(17, at: Self.now.advanced(byMilliseconds: -399 * 86_400_000))
        try archive.pin(300, at: Self.now.advanced(byMilliseconds: -399 * 86_400_000))
        let then = Self.now.advanced(byMilliseconds: -398 * 86_400_000)
        try archive.retention.pack(now: then)
        #expect(try archive.count("evidence_block") == 2)
        try archive.retention.prune(now: Self.now)
        #expect(try archive.count("evidence_block") == 0)
        #expect(try archive.count("summary") == 2)
        for seq in [Int64(17), 300] { #expect(try archive.read(seq) == archive.texts[seq]) }
        archive.retention.pass(now: Self.now)
        #expect(try archive.count("summary") == 2)
        archive.retention.pass(now: Self.now.advanced(byMilliseconds: 1500 * 86_400_000))
        #expect(try archive.count("summary") == 0)
        #expect(try archive.count("pin") == 0)
    }

    @Test("spans of the configuration, and their floors") func settings() throws {
        func read(_ text: String) throws -> RetentionSettings {
            let path = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max)).json5"
            defer { unlink(path) }
            try Files.writeAtomically(path, "{ state: \"/tmp/none\", retention: \(text) }")
            return try CollectorConfig.load(path).retention
        }
        let own = try read("{ hourly: \"120d\", daily: \"6y\", evidence: \"12mo\" }")
        #expect(own.hourlyMilliseconds == 120 * 86_400_000)
        #expect(own.evidenceMilliseconds == 366 * 86_400_000)
        for bad in [
            "{ hourly: \"3d\" }", "{ evidence: \"2mo\" }", "{ daily: \"1y\" }", "{ hourly: 90 }",
            "{ hurly: \"90d\" }", "{ evidence: \"-12mo\" }",
        ] {
            #expect(throws: ConfigProblems.self) { try read(bad) }
        }
    }
}

@Suite("Lists that are no longer in force") struct RegistryRetentionTests {
    @Test(
        "rows that imports ended go with the evidence of their time, persons when nothing names them, what is in force never"
    )
    func ended() throws {
        let archive = try RetentionTests.Archive(1, every: 60_000)
        let head = "system,login,full_name,cccd,per_day\n"
        func accounts(_ range: Range<Int>) -> String {
            head
                + range.map { "H10.mot,canbo\($0),NGUYENVANMAU,00001\(1_000_000 + $0),40\n" }
                .joined()
        }
        let day: Int64 = 86_400_000
        func take(_ kind: RegistryKind, _ text: String, daysAgo: Int64, isCurrent: Bool = true)
            throws
        {
            let at = RetentionTests.now.advanced(byMilliseconds: -daysAgo * day)
            try archive.store.write { records in
                let plan = try RegistryPlanner(records: records, replaces: kind == .accounts).plan(
                    kind, RegistrySource(file: "x", text: text), known: RegisteredPlaces(records))
                let number = try records.beginRegistration(plan, by: "-", at: at)
                for change in plan.changes {
                    if kind.hasRegistrations {
                        try records.stage(change, kind, number)
                    } else {
                        try records.apply(change, kind)
                    }
                }
                if isCurrent {
                    try records.makeCurrent(number, touching: plan.places, at: at)
                }
            }
        }
        try take(.units, "code,name,kind\nH10,x,city\n", daysAgo: 900)
        try take(.systems, "code,unit,name\nH10.mot,H10,x\n", daysAgo: 900)
        try take(.accounts, accounts(0..<3000), daysAgo: 800)
        try take(.accounts, accounts(2500..<3000), daysAgo: 700)
        try take(.accounts, accounts(2600..<3000), daysAgo: 10)
        // Broken off.
        try take(.accounts, accounts(2600..<3400), daysAgo: 500, isCurrent: false)
        try RegistryStaging.clear(archive.store)
        try take(.accounts, accounts(2600..<3000), daysAgo: 1)
        #expect(try archive.count("person") == 3400)
        try archive.store.write {
            _ = try $0.db.run(
                "INSERT INTO alert (rule, kind, scope, key, state, from_ms, at_ms, confidence, vi, en, figures, evidence) VALUES ('R7', 'x', ?, '', 'open', 0, 0, 1, '', '', '{}', '[]')",
                .text(
                    Scope.person(try #require(try $0.person(cccd: "000011000007"))).description))
        }
        let retention = archive.retention
        try retention.prune(now: RetentionTests.now)
        // 2,500 went more than a year ago; 100 of ten days ago stay.
        #expect(try archive.count("registered_account") == 500)
        #expect(try archive.count("registered_account WHERE ended < \(Registered.never)") == 100)
        #expect(try archive.count("person") == 501)
        #expect(try archive.count("registration WHERE state = 'abandoned'") == 0)
        #expect(
            try archive.store.read {
                try $0.account(
                    Login(unchecked: "canbo2999"), SystemCode(unchecked: "H10.mot"))?.perDay
            } == 40)
        try retention.prune(now: RetentionTests.now)
        #expect(try archive.count("person") == 501)
    }
}
