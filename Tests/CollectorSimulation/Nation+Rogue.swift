import Domain
import Platform
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
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

/// An agent of a unit of its own that signs whatever it likes: of others' locks, scopes and systems, far too much, in parts
/// that come in no order or never.
extension Nation {
    static let rogueSystem = SystemCode(unchecked: "H31.mot")

    /// Its private key, once its system and its agent are there.
    func admitRogue() throws -> Ed25519PrivateKey {
        let key = try Ed25519PrivateKey.generate()
        try server.store.write { records in
            for (kind, text) in [
                (RegistryKind.units, "code,name,kind\nH31,C,province\n"),
                (.systems, "code,unit,name\nH31.mot,H31,C\n"),
            ] {
                _ = try RegistryImport(records: records, replaces: false).run(
                    kind, file: "\(kind)", text: text)
            }
            _ = try records.enrol(
                JWK(key.publicKey), token: "rogue", system: Self.rogueSystem, host: "x", at: now)
        }
        try server.policies.publish()
        return key
    }

    private func rogue() throws -> AgentRecord? {
        try server.store.read { try $0.agents(ofSystem: Self.rogueSystem).first }
    }

    /// One push of it; whatever becomes of that, it is answered.
    func misbehave(_ key: Ed25519PrivateKey) throws {
        guard let record = try rogue() else { return }
        pass(1000)
        figures["lies", default: 0] += 1
        var summary = Summary(
            agent: record.id, system: record.system, epoch: record.epoch, seq: record.seq + 1,
            part: .init(n: 1, of: 1), prev: record.lastHash, from: min(record.coveredTo, now),
            to: now,
            everyMilliseconds: 1000, clockOffsetMilliseconds: nil, held: .init(), downtime: nil,
            dropped: [:], refusedSets: [:], breaches: [], rows: [])
        let hour = now.hourStart
        func row(_ login: String, _ hour: Timestamp) -> SummaryRow {
            SummaryRow(
                login: Login(unchecked: login), service: ServiceName(unchecked: "Tra"), hour: hour,
                window: .office, allowed: 1, denied: ["R8.account": 1])
        }
        switch chance.number(0...7) {
        case 0:
            summary.refusals = try server.store.read { try $0.locks() }.map {
                LockRefusals(lock: $0.id, first: hour, count: 1 << 40)
            }
        case 1:
            summary.breaches = [
                Breach(
                    rule: .r1,
                    scope: .account(
                        Login(unchecked: "canbo0"), SystemCode(unchecked: "H26.mot")),
                    key: "2026-11-24", k: 9, at: now, count: 1 << 40, threshold: 1)
            ]
        case 2: summary.system = SystemCode(unchecked: "H26.mot")
        case 3:
            let round = record.seq
            summary.rows = (0..<700).map {
                row("\(round)-\($0)-\(String(repeating: "x", count: 150))", hour)
            }
            if chance.hits(0.5) { summary.rows[0].allowed = 1 << 31 }
        case 4, 5:
            // A seal of the last minute of which parts come as they like.
            let end = now.hourStart
            (summary.from, summary.to) = (end.advanced(byMilliseconds: -60_000), end)
            let of = chance.number(1...4)
            summary.part = .init(n: chance.number(1...of), of: of)
            summary.rows = [row("canbo0", summary.from.hourStart)]
            if chance.hits(0.3) { summary.returns = Int64(chance.number(0...9)) }
        case 6:
            summary.rows = [
                row("canbo0", Timestamp("2021-01-01T00:00:00+07:00") ?? hour),
                row("canbo0", Timestamp("2099-01-01T00:00:00+07:00") ?? hour),
            ]
        default:
            summary.held.system = HeldVersion(
                version: Version(generation: 1, counter: 1 << 40), digest: JWS.digest("x"))
        }
        let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
        let reply = try reply(to: [.init(summary: summary, jws: jws)], of: record)
        guard reply.status == 200 else { return }
        let answer = try decodeJSON(PushAnswer.self, reply.body)
        figures["lies \(answer.items.first?.problem ?? "taken")", default: 0] += 1
    }

    /// Its lies count on no lock, and it sent no more than one agent may.
    func checkRogue() throws {
        let (locks, record) = (try server.store.read { try $0.locks() }, try rogue())
        if let lock = locks.first(where: { $0.refused > 0 }) {
            throw Failure(
                description: "\(lock.id) of \(lock.scope) counts \(lock.refused) refusals")
        }
        guard let record else { throw Failure(description: "the rogue is gone") }
        let sender = try server.store.read { try $0.sender(record) }
        let most = AgentQuota.atOnce(accounts: 0)
        guard sender.bytes <= most.bytes, sender.rows <= most.rows, sender.alerts <= most.alerts
        else { throw Failure(description: "the rogue sent more than its quota: \(sender)") }
    }
}
