import Domain
import Glibc
import Platform
import Seeds
import Synchronization
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// A collector without threads and sockets, its agents, and a trivial model of what must be true.
final class Nation {
    struct Failure: Error, CustomStringConvertible { let description: String }
    struct Key: Hashable {
        let system: String, login: String, service: String, hour: Timestamp, window: String
    }

    let root: String
    var chance: Chance
    var life = 0
    var server: CollectorServer
    var agents: [SimulatedAgent] = []
    let time: SimulatedTime
    /// Model: what was asked, and which locks stand.
    var totals: [Key: Int64] = [:]
    var locks: Set<String> = []
    /// Locks that were to end when a fault came.
    var mayHaveEnded: Set<String> = []
    /// Pushes that come late or once more.
    var delayed: [(SimulatedAgent, [SimulatedAgent.Signed])] = []
    var backup: (path: String, locks: Set<String>, counters: [Audience: Version])?
    /// What a run went through.
    var figures: [String: Int] = [:]

    var now: Timestamp { time.now }
    var state: String { "\(root)/life-\(life)" }

    init(seed: UInt64, root: String, time: SimulatedTime) throws {
        self.root = root
        self.time = time
        chance = Chance(seed: seed)
        try Initialise(
            state: "\(root)/life-0", listen: .tcp(host: "127.0.0.1", port: 1)
        ).run()
        server = try Self.open("\(root)/life-0", time)
    }

    static func open(_ state: String, _ time: SimulatedTime) throws -> CollectorServer {
        var config = try CollectorConfig.load("\(state)/collector.json5")
        config.state = state
        let server = try CollectorServer(config: config)
        time.follow(server.clock)
        server.clock.save()
        try server.policies.publish()
        return server
    }

    func setUp() throws {
        let files: [(RegistryKind, String)] = [
            (.units, "code,name,kind\nH26,A,province\nH29,B,province\n"),
            (.systems, "code,unit,name\nH26.mot,H26,A\nH29.mot,H29,B\n"),
            (
                .services,
                "system,service,office_per_day,off_per_day\nH26.mot,Tra,900000,900\nH29.mot,Tra,900000,900\n"
            ),
            (
                .accounts,
                "system,login,full_name,cccd,per_day\n"
                    + (0..<6).map {
                        "\($0 % 2 == 0 ? "H26.mot" : "H29.mot"),canbo\($0),NGUYENVANMAU,00000000000\($0),100000\n"
                    }
                    .joined()
            ),
        ]
        try server.store.write { records in
            for (kind, text) in files {
                _ = try RegistryImport(records: records, replaces: false).run(
                    kind, file: "\(kind)", text: text)
            }
            for code in ["H26.mot", "H29.mot"] {
                try records.setMode(SystemCode(unchecked: code), .enforce)
                for index in 0..<2 {
                    let key = try Ed25519PrivateKey.generate()
                    let agent = try records.enrol(
                        JWK(key.publicKey), token: "t\(code)\(index)",
                        system: SystemCode(unchecked: code), host: "x", at: now)
                    if let agent { agents.append(SimulatedAgent(agent.id, key, at: now)) }
                }
            }
        }
        try server.policies.publish()
    }

    func pass(_ milliseconds: Int64) { time.pass(milliseconds) }

    // MARK: what happens

    func step() throws {
        pass(Int64(chance.number(200...40_000)))
        figures["steps", default: 0] += 1
        let agent = agents[chance.number(0...agents.count - 1)]
        switch chance.number(0...99) {
        case 0..<30: try seal(agent)
        case 30..<66: try withFaults { try self.push(agent) }
        case 66..<72: try replay(agent)
        case 72..<76: if !delayed.isEmpty { try late(chance.number(0...delayed.count - 1)) }
        case 76..<82: try withFaults { try self.lock() }
        case 82..<86: try withFaults { try self.release() }
        case 86..<88: try crash(from: state)
        case 88..<91: try takeBackup()
        case 91..<94: try restore()
        case 94..<95: try withFaults { try self.renew() }
        case 95: try moveClock()
        case 96: try withFaults { try self.newEpoch(agent) }
        case 97: try hearAgents()
        default:
            try withFaults { try self.expire() }
            try check()
        }
        try lookAtClock()
        if chance.hits(0.1) { try expire() }
        if let trouble = agents.compactMap(\.trouble).first { throw Failure(description: trouble) }
    }

    func seal(_ agent: SimulatedAgent) throws {
        let end = min(
            now, agent.at.hourStart.advanced(byMilliseconds: Timestamp.millisecondsPerHour))
        var rows: [SummaryRow] = []
        for _ in 0..<chance.number(0...3) {
            let login = "canbo\(chance.number(0...7))"
            let window = server.config.calendar.window(at: agent.at.hourStart).kind
            let row = SummaryRow(
                login: Login(unchecked: login), service: ServiceName(unchecked: "Tra"),
                hour: agent.at.hourStart, window: window, allowed: Int64(chance.number(0...4)),
                denied: chance.hits(0.2) ? ["lock": 1] : [:])
            guard !rows.contains(where: { $0.login == row.login }) else { continue }
            rows.append(row)
        }
        guard end > agent.at else { return }
        try agent.seal(to: end, rows)
        for row in rows {
            let key = Key(
                system: agent.id.system.rawValue, login: row.login.rawValue, service: "Tra",
                hour: row.hour, window: row.window.rawValue)
            totals[key, default: 0] += row.allowed
        }
        if agent.at < now { try seal(agent) }
    }

    func push(_ agent: SimulatedAgent) throws {
        if chance.hits(0.2) { try seal(agent) }
        let batch = Array(agent.waiting.prefix(chance.number(1...4)))
        guard !batch.isEmpty, !chance.hits(0.1) else { return }
        if chance.hits(0.1) { delayed.append((agent, batch)) }
        figures["pushes", default: 0] += 1
        let answer = try deliver(agent, batch)
        guard let answer, !chance.hits(0.15) else {
            figures["unanswered", default: 0] += 1
            return
        }
        try settle(agent, answer, batch)
    }

    func settle(_ agent: SimulatedAgent, _ answer: PushAnswer, _ batch: [SimulatedAgent.Signed])
        throws
    {
        if answer.lockset.setsWanted == true {
            figures["sets told", default: 0] += 1
            try tellSets(agent)
        }
        agent.adopt(answer.lockset, server.keys.signing.publicKey)
        if agent.take(answer, batch) { try newEpoch(agent) }
    }

    func newEpoch(_ agent: SimulatedAgent) throws {
        let asked = EpochRequest(epoch: agent.epoch, lastSeq: agent.seq, lastHash: agent.prev)
        let api = AgentAPI(
            intake: server.intake, authenticator: server.authenticator, keys: server.keys)
        let id = agent.id
        guard let answer = try? server.store.write({ try api.newEpoch(asked, id, $0) }) else {
            return
        }
        figures["epochs", default: 0] += 1
        if answer.epoch > agent.epoch { try agent.begin(epoch: answer.epoch, last: answer.last) }
    }

    private func tellSets(_ agent: SimulatedAgent) throws {
        let sets = agent.sets.map { ($0.value.set, $0.key) }
        let server = server
        try? server.store.write { records in
            for (set, audience) in sets {
                _ = try TakeBack(
                    records: records, book: server.locks.book(records, at: .now), now: .now
                ).take(set, audience)
            }
        }
        try? server.store.read { try server.delivery.refresh($0) }
    }

    /// Nil: 503, or the collector ended.
    func deliver(_ agent: SimulatedAgent, _ batch: [SimulatedAgent.Signed]) throws -> PushAnswer? {
        let id = agent.id
        guard hear(agent) else { return nil }
        guard let record = try? server.store.read({ try $0.agent(id) }) else { return nil }
        let reply = try reply(to: batch, of: record)
        return reply.status == 200 ? try decodeJSON(PushAnswer.self, reply.body) : nil
    }

    /// What a push is answered whose agent was `record` when it came in.
    func reply(to batch: [SimulatedAgent.Signed], of record: AgentRecord) throws -> HTTPReply {
        let body = [UInt8](batch.map(\.jws).joined(separator: "\n").utf8)
        let reply = Mutex<HTTPReply?>(nil)
        server.intake.commit([
            Intake.Push(agent: record.id, items: Intake.read(body, from: record)) { answer in
                reply.withLock { $0 = answer }
            }
        ])
        guard let reply = reply.withLock({ $0 }) else {
            throw Failure(description: "a push was never answered")
        }
        return reply
    }

    func replay(_ agent: SimulatedAgent) throws {
        guard let old = agent.kept.last, old.summary.epoch == agent.epoch else { return }
        let answer = try deliver(agent, [old])
        if let item = answer?.items.first, item.status == .accepted,
            answer?.last?.seq == old.summary.seq
        {
            // Only a restored collector takes it anew; then the chain went back to it.
            return
        }
        var forged = old.summary
        forged.to = forged.to.advanced(byMilliseconds: 1)
        let jws = try JWS.sign(forged, typ: Summary.typ, with: agent.key)
        let item = try deliver(agent, [.init(summary: forged, jws: jws)])?.items.first
        if item?.status == .accepted { throw Failure(description: "a fork was counted") }
    }

    func late(_ place: Int) throws {
        let (agent, batch) = delayed.remove(at: place)
        // A copy of the network's: nobody waits for its answer.
        _ = try deliver(agent, batch)
    }

    func lock() throws {
        let scopes: [Scope] = [
            .account(
                Login(unchecked: "canbo\(chance.number(0...5))"), SystemCode(unchecked: "H26.mot")),
            .system(SystemCode(unchecked: "H29.mot")), .unit(UnitCode(unchecked: "H26")),
        ]
        let scope = scopes[chance.number(0...2)]
        let end =
            chance.hits(0.5)
            ? Timestamp.now.advanced(byMilliseconds: chance.time(60_000...3_600_000)) : nil
        let server = server
        let id = try? server.store.write {
            try server.locks.book($0, at: .now).issue(
                .init(
                    scope: scope, reason: "staff", note: "x", issuedBy: "sim", expiresAt: end)
            ).id
        }
        guard let id else { return }
        locks.insert(id)
        figures["locks", default: 0] += 1
        try? server.store.read { try server.delivery.refresh($0) }
    }

    func release() throws {
        guard let id = locks.sorted().first else { return }
        let server = server
        let done: Void? = try? server.store.write { records in
            guard let lock = try records.lock(id) else {
                throw Failure(description: "\(id) is gone")
            }
            try server.locks.book(records, at: .now).release(
                lock, by: "sim", note: "x", outcome: nil)
        }
        guard done != nil else { return }
        locks.remove(id)
        try? server.store.read { try server.delivery.refresh($0) }
    }

    func renew() throws {
        let server = server
        try? server.store.write { records in
            try server.locks.book(records, at: .now).publish([
                .nation, .system(SystemCode(unchecked: "H26.mot")),
            ])
        }
        try? server.store.read { try server.delivery.refresh($0) }
    }
}
