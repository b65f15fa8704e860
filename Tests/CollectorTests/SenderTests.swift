import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("What one agent says") struct SenderTests {
    @Test(
        "refusals count on locks of the sender alone, within their time, and end at what a number holds"
    )
    func refusals() throws {
        try SenderRig.run { rig in
            let foreign = try rig.lock("system=H29.mot")
            let unit = try rig.lock("unit=H26")
            rig.time.pass(60_000)
            for count in [Int64(5), 1 << 38] {
                var summary = try rig.summary(rig.rogue)
                summary.refusals = [foreign.id, unit.id, "L-2026-000099"].map {
                    LockRefusals(
                        lock: $0, first: Timestamp("2021-01-01T00:00:00+07:00")!, count: count)
                }
                #expect(try rig.push(rig.rogue, summary).status == .accepted)
                rig.time.pass(60_000)
            }
            #expect(try rig.lock(again: foreign).refused == 0)
            let own = try rig.lock(again: unit)
            #expect(own.refused == 5 + (1 << 38) && own.firstRefusal == unit.issuedAt)
            #expect(try rig.alerts().contains("foreign"))
            _ = try rig.server.store.write {
                try $0.db.run("UPDATE lock SET refused = 9223372036854775807")
            }
            var summary = try rig.summary(rig.rogue)
            summary.refusals = [LockRefusals(lock: unit.id, first: rig.now, count: 1)]
            #expect(try rig.push(rig.rogue, summary).status == .accepted)
            #expect(try rig.lock(again: unit).refused == 1 << 53 - 1)
            // As many as a summary may hold are read.
            _ = try rig.server.store.write { try $0.db.run("UPDATE lock SET refused = 0") }
            summary = try rig.summary(rig.rogue)
            let unknown = (0..<1999).map {
                LockRefusals(lock: "L-2020-\($0)", first: rig.now, count: 1)
            }
            summary.refusals = unknown + [LockRefusals(lock: unit.id, first: rig.now, count: 7)]
            #expect(try rig.push(rig.rogue, summary).status == .accepted)
            #expect(try rig.lock(again: unit).refused == 7)
        }
    }

    static let hour = Timestamp.millisecondsPerHour

    /// Hours from the present one, whether with refusals, and what becomes of the summary.
    @Test(
        "hours after the interval are refused, hours before it come from logs alone and within their reach",
        arguments: [
            (0, true, nil), (1, false, "hours"), (1, true, "hours"), (-1, false, nil),
            (-1, true, "hours"), (-3, true, "hours"), (-3, false, nil), (-24 * 30, false, nil),
            (-24 * 36, false, "hours"), (-24 * 365 * 5, false, "hours"),
            (24 * 365 * 73, false, "hours"),
        ] as [(Int64, Bool, String?)])
    func hours(_ hours: Int64, _ isDenied: Bool, _ problem: String?) throws {
        try SenderRig.run { rig in
            rig.time.pass(1_200_000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
            rig.time.pass(60_000)
            let row = rig.row(
                2, at: rig.now.advanced(byMilliseconds: hours * Self.hour),
                denied: isDenied ? ["R1": 1] : [:])
            let item = try rig.push(rig.rogue, try rig.summary(rig.rogue, [row]))
            #expect(item.status == (problem == nil ? .accepted : .refused))
            #expect(item.problem == problem)
            #expect(try rig.alerts().contains("content") == (problem != nil))
            if problem != nil {
                // Its time is missing as soon as the agent goes on without it.
                let missing = rig.now
                rig.time.pass(60_000)
                try rig.newEpoch(rig.rogue)
                var next = try rig.summary(rig.rogue)
                next.from = missing
                #expect(try rig.push(rig.rogue, next).status == .accepted)
                #expect(try rig.gaps(rig.rogue).contains { $0.upperBound == missing })
            }
        }
    }

    @Test("an interval of before the agent was, or of another century, is refused")
    func times() throws {
        try SenderRig.run { rig in
            for (from, to) in [
                ("2021-01-01T00:00:00+07:00", "2026-11-24T09:00:00+07:00"),
                ("2026-11-24T09:00:00+07:00", "2099-01-01T00:00:00+07:00"),
            ] {
                var summary = try rig.summary(rig.rogue)
                summary.from = try #require(Timestamp(from))
                summary.to = try #require(Timestamp(to))
                #expect(try rig.push(rig.rogue, summary).problem == "times")
            }
        }
    }

    @Test("what is beyond the quota is refused for good and told; a month of backlog is taken")
    func quota() throws {
        try SenderRig.run { rig in
            // A month without contact, told in no time: 200 rows an hour.
            let begin = rig.now
            rig.time.pass(30 * 24 * Self.hour)
            for hour in 0..<(30 * 24) {
                var summary = try rig.summary(rig.rogue)
                summary.from = begin.advanced(byMilliseconds: Int64(hour) * Self.hour)
                summary.to = summary.from.advanced(byMilliseconds: Self.hour)
                summary.rows = (0..<20).map {
                    rig.row(1, login: "canbo\($0)", at: summary.from)
                }
                guard try rig.push(rig.rogue, summary).status == .accepted else {
                    Issue.record("hour \(hour)")
                    return
                }
            }
            #expect(try rig.alerts().isDisjoint(with: ["content"]))
            // A flood: as much as a summary holds, again and again, in seconds.
            var bytes: Int64 = 0
            var problem: String?
            for round in 0..<1000 where problem == nil {
                rig.time.pass(100)
                var summary = try rig.summary(rig.rogue)
                summary.rows = (0..<300).map {
                    rig.row(1, login: "\(round)-\($0)-" + String(repeating: "x", count: 200))
                }
                let jws = try JWS.sign(summary, typ: Summary.typ, with: rig.rogue.key)
                let item = try #require(try rig.push(rig.rogue, [jws])?.items.first)
                problem = item.problem
                if problem == nil { bytes += Int64(jws.utf8.count) }
            }
            #expect(problem == "quota")
            #expect(bytes < 34 << 20)
            #expect(try rig.alerts().contains("content"))
            #expect(try rig.push(rig.honest, try rig.summary(rig.honest)).status == .accepted)
        }
    }

    @Test(
        "the same hour drains nothing when it is told again: in parts, or after times that came back"
    )
    func drain() throws {
        var account = SenderAccount(reached: Timestamp(milliseconds: 0))
        let now = Timestamp(milliseconds: Self.hour)
        let most = AgentQuota.atOnce(accounts: 0)
        let summary = Summary(
            agent: AgentID(unchecked: "H10.mot/1"), system: SystemCode(unchecked: "H10.mot"),
            epoch: 1,
            seq: 1, part: .init(n: 1, of: 1), prev: "", from: now, to: now, everyMilliseconds: 1,
            clockOffsetMilliseconds: nil, held: .init(), downtime: nil, dropped: [:],
            refusedSets: [:], breaches: [], rows: [])
        func take(_ bytes: Int64, to: Timestamp) -> Bool {
            account.take(.init(summary, bytes: Int(bytes)), to: to, now: now) { 0 }
        }
        #expect(take(most.bytes, to: now))
        #expect(!take(1, to: now), "the hour was told")
        #expect(!take(1, to: Timestamp(milliseconds: 1000)), "a time that came back")
        #expect(!take(1, to: Timestamp(milliseconds: 100 * Self.hour)), "a clock that is ahead")
        let isTaken = account.take(
            .init(summary, bytes: 1), to: now, now: now, accounts: { 1000 })
        #expect(isTaken, "more are registered")
    }

    @Test("equal rows of a summary are summed; reasons are plain names")
    func rows() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let rows = (0..<100).map { _ in rig.row(2) }
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue, rows)).status == .accepted)
            #expect(try rig.allowed(rig.rogue) == 200)
            for reason in ["", "a b", "\u{1b}", String(repeating: "x", count: 65), "ă"] {
                rig.time.pass(1000)
                let summary = try rig.summary(rig.rogue, [rig.row(0, denied: [reason: 1])])
                #expect(try rig.push(rig.rogue, summary).problem == "malformed", "\(reason)")
            }
        }
    }

    @Test(
        "queries that passed under a lock which the agent held are told loudly; late and noted ones are not"
    )
    func allowed() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            #expect(
                try rig.push(rig.rogue, try rig.summary(rig.rogue, [rig.row(1)])).status
                    == .accepted)
            let lock = try rig.lock("account=canbo1@H26.mot")
            rig.time.pass(60_000)
            // It tells the set for the first time: what passed before is nobody's fault.
            #expect(
                try rig.push(rig.rogue, try rig.summary(rig.rogue, [rig.row(1)])).status
                    == .accepted)
            rig.time.pass(60_000)
            var noted = rig.row(1)
            noted.would = ["lock": 1]
            let late = rig.row(1, at: rig.now.advanced(byMilliseconds: -5 * Self.hour))
            let others = rig.row(1, login: "canbo2")
            #expect(
                try rig.push(rig.rogue, try rig.summary(rig.rogue, [noted, late, others])).status
                    == .accepted)
            #expect(try !rig.alerts().contains("allowed"))
            rig.time.pass(60_000)
            #expect(
                try rig.push(rig.rogue, try rig.summary(rig.rogue, [rig.row(7)])).status
                    == .accepted)
            let alert = try #require(
                try rig.server.store.read { try $0.alerts() }.first {
                    $0.message.en.contains(lock.id)
                })
            #expect(alert.message.en.contains("7 queries"))
            #expect(
                SeverityTable.severity(of: "I1", "allowed", confidence: 1) == .critical)
        }
    }

    @Test("a set that was never signed is told, and a window that the calendar contradicts")
    func contradictions() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            var summary = try rig.summary(rig.rogue, [rig.row(1)])
            summary.rows[0].window = .off
            summary.held.system = HeldVersion(
                version: Version(generation: 1, counter: 999),
                digest: String(repeating: "x", count: 43))
            #expect(try rig.push(rig.rogue, summary).status == .accepted)
            #expect(try rig.alerts() == ["window", "held"])
            #expect(try rig.allowed(rig.rogue) == 1)
        }
    }

    @Test(
        "a gap before a seal is judged on the part that comes first, and numbers that nobody knows are not told"
    )
    func parts() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
            let reached = rig.now
            rig.time.pass(600_000)
            let start = rig.now
            rig.time.pass(60_000)
            for n in [2, 1] {
                var summary = try rig.summary(rig.rogue)
                summary.from = start
                summary.to = start.advanced(byMilliseconds: 60_000)
                summary.part = .init(n: n, of: 2)
                #expect(try rig.push(rig.rogue, summary).status == .accepted)
            }
            #expect(try rig.gaps(rig.rogue) == [reached..<start])
            let gap = try #require(try rig.server.store.read { try $0.alerts() }.first)
            #expect(!gap.message.en.contains("?") && !gap.message.vi.contains("?"))
        }
    }

    @Test(
        "what was quarantined is missing, unless the same was counted; nor is a revoked agent that never spoke awaited"
    )
    func coverage() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let first = try rig.summary(rig.rogue, [rig.row(1)])
            #expect(try rig.push(rig.rogue, first).status == .accepted)
            try rig.newEpoch(rig.rogue)
            var again = try rig.summary(rig.rogue, first.rows)
            (again.from, again.to) = (first.from, first.to)
            let item = try rig.push(rig.rogue, again)
            #expect(item.problem == "quarantined" && !item.isMissing)
            let twice = try rig.push(rig.rogue, again)
            #expect(twice.status == .duplicate && twice.problem == "quarantined")
            #expect(try rig.gaps(rig.rogue).isEmpty)
            try rig.newEpoch(rig.rogue)
            var other = try rig.summary(rig.rogue, [rig.row(50)])
            (other.from, other.to) = (first.from, first.to)
            #expect(try rig.push(rig.rogue, other).problem == "quarantined")
            #expect(try rig.gaps(rig.rogue) == [first.from..<first.to])

            let key = try Ed25519PrivateKey.generate()
            let result = try rig.server.store.write { records in
                let silent = try #require(
                    try records.enrol(
                        JWK(key.publicKey), token: "t2", system: rig.honest.id.system, host: "x",
                        at: rig.now))
                #expect(try records.revoke(silent.id, at: rig.now))
                rig.time.pass(1000)
                return try Coverage(
                    records: records, config: rig.server.config, question: UsageQuestion(),
                    now: rig.now
                ).run()
            }
            #expect(result.expected == 2)
        }
    }
}
