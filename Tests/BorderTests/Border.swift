import Domain
import Platform
import Wire
@testable import Agent
@testable import Collector
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// An agent's own sealing beside a collector's own reading, without what lies between.
struct Border {
    static let system = SystemCode("H26.motcua")!
    static let service = ServiceName("TraCuuThongTinCongDan")!
    static let noon = Timestamp("2026-11-24T12:00:00")!

    let key: Ed25519PrivateKey
    let rules: GateRules
    let enrolledAt: Timestamp
    let agent: AgentRecord
    var quota = SentQuota()
    var sender: SenderAccount
    var seq: Int64 = 0

    init(
        accounts: Int = 1, enrolledAt: Timestamp = noon, mode: Policy.Mode = .enforce,
        perDay: Int64 = 1000
    ) throws {
        key = try Ed25519PrivateKey.generate()
        self.enrolledAt = enrolledAt
        rules = GateRules(
            policy: Policy(
                system: Self.system, systemName: "Một cửa", unit: Self.system.unit,
                unitName: "Đơn vị", version: Version(generation: 1, counter: 1),
                issuedAt: enrolledAt, mode: mode, contact: .same("C06"), calendar: .letter,
                rules: [:],
                accounts: (0..<accounts).map {
                    .init(login: Login("canbo\($0)")!, perDay: perDay, kind: .person)
                },
                services: [.init(service: Self.service, officePerDay: 1 << 40, offPerDay: 1 << 40)]),
            sets: [])
        let jwk = JWK(key.publicKey)
        agent = AgentRecord(
            id: AgentID(system: Self.system, number: 1), system: Self.system, kid: jwk.thumbprint,
            x: jwk.x, isRevoked: false, enrolledAt: enrolledAt, revokedAt: nil, epoch: 1, seq: 0,
            lastHash: "", coveredTo: enrolledAt, everyMilliseconds: 60_000, lastSeen: nil,
            skewMilliseconds: nil)
        sender = SenderAccount(reached: enrolledAt)
    }

    func fit(at now: Timestamp) -> SummaryFit {
        let calendar = rules.policy.calendar
        return SummaryFit(
            system: Self.system, enrolledAt: enrolledAt, now: now,
            window: { calendar.window(at: $0).kind })
    }

    /// What the collector says of what the agent seals: the summaries, or why one is refused.
    mutating func send(
        _ interval: Interval, at now: Timestamp, refusedSets: [String: Int64] = [:]
    ) throws -> (told: [Summary], problem: String?) {
        let maker = SummaryMaker(
            agent: agent.id, system: Self.system, key: key, everyMilliseconds: 60_000,
            clockOffset: .max, held: .init(), rules: rules, fit: fit(at: now), now: now)
        var lines: [(jws: String, seq: Int64)] = []
        let position = Outbox.Position(epoch: 1, seq: seq, lastHash: "")
        try maker.make(of: interval, after: position, refusedSets: refusedSets, quota: &quota) {
            lines.append(($0, $1.seq))
        }
        seq += Int64(lines.count)
        var told: [Summary] = []
        for line in lines {
            let items = Intake.read([UInt8](line.jws.utf8), from: agent, now: now)
            if case .refused(_, let problem) = items.first { return (told, problem) }
            let summary = try decodeJSON(Summary.self, JWS.parse(line.jws.utf8).payload)
            let cost = SenderAccount.Cost(summary, bytes: line.jws.utf8.count)
            let isTaken = sender.take(
                cost, to: summary.to, now: now, accounts: { Int64(rules.accounts.count) })
            guard isTaken else { return (told, "quota") }
            told.append(summary)
        }
        return (told, nil)
    }
}
