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
        let parts = SummaryPart.packed(interval)
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
            summary.refusals = part.refusals
            let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
            #expect(jws.utf8.count <= Summary.bytesMax)
        }
    }
}
