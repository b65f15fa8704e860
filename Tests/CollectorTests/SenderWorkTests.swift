import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("What a push costs is bounded by what it holds") struct SenderWorkTests {
    @Test(
        "the same rows under another number are known however much was counted since, others are not"
    )
    func contentDigest() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let first = try rig.summary(rig.rogue, [rig.row(1, denied: ["R1": 2, "R9.ip": 1])])
            #expect(try rig.push(rig.rogue, first).status == .accepted)
            rig.time.pass(400_000)
            let more = try rig.chain(rig.rogue, (0..<300).map { _ in [rig.row(1)] })
            #expect(
                try rig.push(rig.rogue, more)?.items.allSatisfy { $0.status == .accepted } == true)
            for (allowed, isKnown) in [(Int64(1), true), (2, false)] {
                try rig.newEpoch(rig.rogue)
                var again = try rig.summary(
                    rig.rogue, [rig.row(allowed, at: first.from, denied: ["R9.ip": 1, "R1": 2])])
                (again.from, again.to) = (first.from, first.to)
                let item = try rig.push(rig.rogue, again)
                #expect(item.problem == "quarantined" && item.isMissing != isKnown)
                #expect(try rig.gaps(rig.rogue).isEmpty == isKnown)
            }
        }
    }

    @Test(
        "the digest tells parts, names, hours, windows and every count apart, and no order of reasons"
    )
    func digests() throws {
        try SenderRig.run { rig in
            let plain = try rig.summary(rig.rogue, [rig.row(1, denied: ["R1": 2, "R2": 3])])
            var others: [Summary] = []
            func other(_ change: (inout Summary) -> Void) {
                var summary = plain
                change(&summary)
                others.append(summary)
            }
            other { $0.part = .init(n: 1, of: 2) }
            other { $0.rows[0].login = Login(unchecked: "canbo1T") }
            other { $0.rows[0].service = ServiceName(unchecked: "ra") }
            other { $0.rows[0].hour = $0.rows[0].hour.advanced(byMilliseconds: 3_600_000) }
            other { $0.rows[0].window = $0.rows[0].window == .office ? .off : .office }
            other { $0.rows[0].allowed = 2 }
            other { $0.rows[0].passed = 1 }
            other { $0.rows[0].denied = ["R1": 3, "R2": 2] }
            other { $0.rows[0].would = ["R1": 2] }
            other { ($0.rows[0].denied, $0.rows[0].would) = ([:], $0.rows[0].denied) }
            other { $0.rows.append($0.rows[0]) }
            other { $0.rows = [] }
            let digests = Set(([plain] + others).map(\.contentDigest))
            #expect(digests.count == others.count + 1)
            var same = plain
            (same.seq, same.prev, same.epoch) = (99, "x", 7)
            #expect(same.contentDigest == plain.contentDigest)
        }
    }

    @Test("a gap is not shortened by another one that begins with it")
    func gaps() throws {
        try SenderRig.run { rig in
            let (start, minute) = (rig.now, Int64(60_000))
            try rig.server.store.write { records in
                try records.addGap(rig.rogue.id, start, start.advanced(byMilliseconds: 10 * minute))
                try records.addGap(rig.rogue.id, start, start.advanced(byMilliseconds: minute))
            }
            #expect(
                try rig.gaps(rig.rogue) == [start..<start.advanced(byMilliseconds: 10 * minute)])
        }
    }

    @Test("rows find their locks by name: of accounts, services, the system and its unit")
    func bindingLocks() throws {
        func lock(_ id: String, _ scope: String, until: Timestamp? = nil) throws -> Lock {
            Lock(
                id: id, scope: try #require(Scope(scope)), reason: "staff",
                message: Localized(vi: "", en: ""),
                issuedAt: Timestamp(milliseconds: 0), expiresAt: until, key: nil, k: nil)
        }
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            let locks = BindingLocks(
                try [
                    lock("a", "account=canbo1@H26.mot"), lock("b", "service=Tra@H26.mot"),
                    lock("c", "system=H26.mot"), lock("d", "unit=H26"),
                    lock("e", "account=canbo1@H29.mot"), lock("f", "account=canbo3@H26.mot"),
                    lock("g", "system=H26.mot", until: Timestamp(milliseconds: 1)),
                ])
            var noted = rig.row(10, login: "canbo2")
            noted.would = ["lock": 4]
            let summary = try rig.summary(rig.rogue, [rig.row(2), noted])
            let passed = locks.passed(summary, of: rig.rogue.id.system, locksMax: 64)
            #expect(passed.map(\.lock.id) == ["a", "b", "c", "d"])
            #expect(passed.map(\.count) == [2, 8, 8, 8])
            #expect(locks.passed(summary, of: rig.rogue.id.system, locksMax: 2).count == 2)
        }
    }

    @Test(
        "a push that breaches very many quotas locks some of them at once, the others next; each transaction signs their set once"
    )
    func together() throws {
        try SenderRig.run { rig in
            let count = 300
            let accounts =
                "system,login,full_name,cccd,per_day\n"
                + (0..<count).map {
                    "H26.mot,can\($0),NGUYENVANMAU,\(String(1_000_000_000_000 + $0).dropFirst()),1\n"
                }
                .joined()
            try rig.server.store.write {
                _ = try RegistryImport(records: $0, replaces: false).run(
                    .accounts, file: "a", text: accounts)
            }
            rig.time.pass(60_000)
            let before = try rig.server.store.read {
                try $0.lockSet(.system(rig.rogue.id.system))?.counter ?? 0
            }
            let rows = (0..<count).map { rig.row(50, login: "can\($0)") }
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue, rows)).status == .accepted)
            func locked() throws -> (counter: Int64, signed: LockSet) {
                let set = try #require(
                    try rig.server.store.read { try $0.lockSet(.system(rig.rogue.id.system)) })
                return (
                    set.counter, try decodeJSON(LockSet.self, try JWS.parse(set.jws.utf8).payload)
                )
            }
            let first = try locked()
            #expect(first.counter == before + 1)
            #expect(first.signed.locks.count == LocksTogether.actsMax)
            #expect(rig.server.intake.hasOverdue)
            // What waits is found again by a collector that was killed now and started again.
            let again = try CollectorServer(config: rig.server.config)
            #expect(try again.store.read { try $0.overdueCount() } == count - LocksTogether.actsMax)
            #expect(
                rig.server.delivery.signed(rig.rogue.id.system).system?.held.version
                    == first.signed.version)
            for _ in 0..<10 where again.intake.hasOverdue { again.intake.commit([]) }
            #expect(!again.intake.hasOverdue && rig.server.intake.hasOverdue)
            #expect(try again.store.read { try $0.overdueCount() } == 0)
            let last = try locked()
            #expect(last.signed.locks.count == count && last.counter <= before + 5)
            let locks = try rig.server.store.read { try $0.locks(state: .active) }
            #expect(Set(locks.map(\.scope)).count == count)
            #expect(locks.allSatisfy { $0.setVersion != nil })
        }
    }

    @Test("of a breach that waits, the highest that was told stays, and the last summary")
    func overdueOnce() throws {
        try SenderRig.run { rig in
            try rig.server.store.write { records in
                func wait(_ login: String, _ reported: Int, _ seq: Int64) throws {
                    let id = Quota.ID(
                        .r1, .account(Login(unchecked: login)), CalendarDate("2026-11-24")!)
                    try records.keep(overdue: [
                        Overdue(
                            key: .init(system: rig.rogue.id.system, id: id), reported: reported,
                            source: EvidenceReference(agent: rig.rogue.id, epoch: 1, seq: seq))
                    ])
                }
                for number in 0..<5 { try wait("can\(number)", 3, 1) }
                try wait("can1", 7, 2)
                try wait("can1", 5, 3)
                try records.db.execute("UPDATE overdue SET rule = 'R99' WHERE subject = 'a:can0'")
                let first = try records.takeOverdue(countMax: 3)
                #expect(
                    first.due.map(\.key.id.subjectText) == ["a:can1", "a:can2"] && first.isMore)
                #expect(first.due.first?.reported == 7 && first.due.first?.source.seq == 3)
                let second = try records.takeOverdue(countMax: 3)
                #expect(second.due.count == 2 && !second.isMore)
                #expect(try records.takeOverdue(countMax: 3).due.isEmpty)
            }
        }
    }

    @Test(
        "after the first summary beyond the quota the others of a push are refused without a look")
    func quotaOnce() throws {
        try SenderRig.run { rig in
            rig.time.pass(60_000)
            var lines: [String] = []
            for number in 0..<20 {
                var summary = try rig.summary(rig.rogue)
                summary.rows = [rig.row(1 << 31), rig.row(Int64(number), login: "canbo2")]
                lines.append(try JWS.sign(summary, typ: Summary.typ, with: rig.rogue.key))
            }
            lines.append(
                try JWS.sign(try rig.summary(rig.rogue), typ: Summary.typ, with: rig.rogue.key))
            let items = try #require(try rig.push(rig.rogue, lines)?.items)
            #expect(items.allSatisfy { $0.problem == "quota" })
            // The next push is judged by itself.
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
        }
    }

    @Test("a seal in parts, whichever comes last, is whole when all of them came")
    func parts() throws {
        for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1]] {
            try SenderRig.run { rig in
                rig.time.pass(60_000)
                let (start, end) = (try rig.summary(rig.rogue).from, rig.now)
                for (place, n) in order.enumerated() {
                    var part = try rig.summary(rig.rogue, [rig.row(Int64(n))])
                    (part.from, part.to, part.part) = (start, end, .init(n: n, of: 3))
                    #expect(try rig.push(rig.rogue, part).problem == nil, "\(order)")
                    // A second time it is kept apart.
                    var again = try rig.summary(rig.rogue, [rig.row(Int64(n))])
                    (again.from, again.to, again.part) = (start, end, part.part)
                    #expect(try rig.push(rig.rogue, again).counted == true)
                    let isMissing = order[...place].contains(3) && place < 2
                    #expect(try rig.gaps(rig.rogue).isEmpty == !isMissing, "\(order) \(place)")
                }
                #expect(try rig.allowed(rig.rogue) == 6)
            }
        }
    }

    @Test(
        "of what others of the system counted an agent is told what changed; all of it only while it is little",
        arguments: [3, 300, 2500])
    func othersOfTheSystem(_ count: Int) throws {
        try SenderRig.run { rig in
            let system = rig.rogue.id.system
            let accounts =
                "system,login,full_name,cccd,per_day\n"
                + (0..<count).map {
                    "H26.mot,can\($0),NGUYENVANMAU,\(String(1_000_000_000_000 + $0).dropFirst()),100\n"
                }.joined()
            let key = try Ed25519PrivateKey.generate()
            let second = try rig.server.store.write { records in
                _ = try RegistryImport(records: records, replaces: false).run(
                    .accounts, file: "a", text: accounts)
                return SenderRig.Agent(
                    id: try #require(
                        try records.enrol(
                            JWK(key.publicKey), token: "t2", system: system, host: "x",
                            at: rig.now)
                    ).id, key: key)
            }
            var last: [String] = []
            /// How many were told, and how many were looked up for that.
            func told(_ jws: [String]? = nil, down: Bool = false) throws -> [Int] {
                rig.time.pass(1000)
                var summary = try rig.summary(second)
                if down {
                    summary.downtime = .init(from: summary.from, to: summary.to, outcome: .refused)
                }
                last = try jws ?? [JWS.sign(summary, typ: Summary.typ, with: second.key)]
                let before = try rig.lookedUp()
                let told = try #require(try rig.push(second, last)).others.count
                return [told, Int(try rig.lookedUp() - before)]
            }
            func ask(_ logins: Range<Int>) throws {
                for from in stride(from: logins.lowerBound, to: logins.upperBound, by: 900) {
                    rig.time.pass(1000)
                    let rows = (from..<min(from + 900, logins.upperBound)).map {
                        rig.row(60, login: "can\($0)")
                    }
                    try rig.push(rig.rogue, try rig.summary(rig.rogue, rows))
                }
            }
            let isMuch = count > Remembered.nearFew
            try ask(0..<count - 1)
            var whole = 0
            repeat {
                let next = try told()
                whole += next[0]
                #expect(next[0] == next[1] && next[0] <= Remembered.othersMax)
            } while whole < count - 1
            #expect(whole == count - 1)
            try ask(count - 1..<count)
            #expect(try told() == (isMuch ? [1, 1] : [count, count]))
            #expect(try told() == (isMuch ? [0, 0] : [count, count]))
            try ask(0..<2)
            #expect(try told() == (isMuch ? [2, 2] : [count, count]))
            // An answer that was lost, and an agent that was started anew: all of it, though not with every push.
            let most = min(count, Remembered.othersMax)
            rig.time.pass(20_000)
            #expect(try told(last) == [most, most])
            _ = try (0..<3).map { _ in try told() }
            #expect(try told(last) == (isMuch ? [0, 0] : [count, count]))
            rig.time.pass(20_000)
            #expect(try told(down: true) == [most, most])
            _ = try (0..<3).map { _ in try told() }
            rig.time.pass(Remembered.wholeMilliseconds)
            #expect(try told() == [most, most])
        }
    }
}

extension SenderRig {
    fileprivate func lookedUp() throws -> Int64 {
        try server.store.write { $0.remembered?.othersLookedUp ?? 0 }
    }
}

extension Records {
    fileprivate func overdueCount() throws -> Int {
        try db.first("SELECT COUNT(*) FROM overdue") { Int($0.integer(0)) } ?? 0
    }
}
