import Domain
import Platform
import Testing
import Wire

@testable import Agent

@Suite("SummaryPart") struct SummaryPartTests {
    @Test("an interval of any make fits summaries of 256 KiB, and nothing of it is lost")
    func fits() throws {
        // Control characters are six bytes each in JSON, and a name has 128 of them.
        let worst = Login(unchecked: String(repeating: "\u{1}", count: 128))
        let service = ServiceName(unchecked: String(repeating: "\u{1}", count: 128))
        let rows = (0..<900).map { _ in
            SummaryRow(
                login: worst, service: service, hour: Sample.noon, window: .office,
                allowed: 1 << 40, denied: ["R8.account": 1 << 40, "R9.account": 1 << 40],
                would: ["R8.service": 1 << 40])
        }
        let breaches = (0..<900).map { index in
            Breach(
                rule: .r1, scope: .account(worst, Sample.system), key: "2026-11-24", k: index,
                at: Sample.noon, count: 1 << 40, threshold: 1 << 40)
        }
        var interval = Interval(
            from: Sample.noon, to: Sample.noon, breaches: breaches, rows: rows)
        interval.refusals = (0..<900).map {
            LockRefusals(lock: "L-2026-\($0)", first: Sample.noon, count: 1)
        }
        interval.features = try FeatureLines(
            (0..<300).map { index in
                var units = ServiceUnitCounts()
                for _ in 0..<4 {
                    units.add(
                        String(repeating: "\u{1}", count: 60) + "\(units.entries.count)", .max)
                }
                let login = Login(unchecked: String(repeating: "\u{1}", count: 124) + "\(index)")
                var line = AccountFeatures(
                    login: login, hour: Sample.noon, rhythm: Rhythm(at: 1), allowed: 1,
                    subjects: SubjectTally(), serviceUnits: units, sketches: AccountSketches()
                ).text
                // Every number at its longest.
                let longest = (
                    UInt32.max, UInt64.max,
                    String(repeating: ",4294967295", count: 6).dropFirst()
                )
                line = line.replacing(
                    "1,1,1,1;;1,1,1,1,1,1;1;;;0,0,0,0",
                    with:
                        "1,1,4294967295,4294967295;4294967294,4294967295,\(longest.1),4294967295,\(longest.1);"
                        + "\(longest.2);fffffffffffffff;4294967295,4294967295,4294967295;"
                        + "4294967295,4294967295;4294967295,4294967295,4294967295,4294967295")
                let features = try #require(AccountFeatures(text: line))
                #expect(features.isPlausible && features.rhythm.gaps.squares == .max)
                return features
            })
        let parts = SummaryPart.packed(interval)
        #expect(parts.map(\.features.count).reduce(0, +) == 300)
        #expect(parts.map(\.rows.count).reduce(0, +) == 900)
        #expect(parts.map(\.breaches.count).reduce(0, +) == 900)
        #expect(parts.map(\.refusals.count).reduce(0, +) == 900)
        let key = try Ed25519PrivateKey.generate()
        for (index, part) in parts.enumerated() {
            var summary = Summary(
                agent: AgentID(system: Sample.system, number: 1), system: Sample.system, epoch: 1,
                seq: 1, part: .init(n: index + 1, of: parts.count),
                prev: String(repeating: "a", count: 43), from: Sample.noon, to: Sample.noon,
                everyMilliseconds: 60_000, clockOffsetMilliseconds: 0, held: .init(), downtime: nil,
                dropped: [:], refusedSets: [:], breaches: part.breaches, rows: part.rows)
            part.put(into: &summary, first: interval)
            #expect(summary.features.count == part.features.count)
            let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
            #expect(jws.utf8.count <= Summary.bytesMax)
        }
    }
}

@Suite("SummaryPart with features") struct SummaryPartFeaturesTests {
    @Test("an account's features go with its first row, also over many parts")
    func together() {
        let tracker = Sample.tracker(accounts: 4000)
        var interval = Interval(from: Sample.noon, to: Sample.noon)
        for index in 0..<4000 {
            tracker.note(Sample.sighting("canbo\(index)"))
            for service in ["Tra", "Xac"] {
                interval.rows.append(
                    SummaryRow(
                        login: Login("canbo\(index)")!, service: ServiceName(service)!,
                        hour: Sample.nine, window: .office, allowed: 1))
            }
        }
        interval.features = tracker.takeInterval(at: Sample.noon).accounts
        let parts = SummaryPart.packed(interval)
        #expect(parts.count > 10)
        var seen: Set<Login> = []
        for part in parts {
            let logins = part.rows.map(\.login)
            for features in part.features {
                let login = FeatureLine(features).login
                #expect(logins.contains(login))
                #expect(seen.insert(login).inserted)
            }
        }
        #expect(seen.count == 4000)
    }
}
