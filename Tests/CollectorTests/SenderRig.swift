import Domain
import Glibc
import Platform
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
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

/// A whole collector without sockets or threads, and agents of two units that sign whatever a test wants.
final class SenderRig {
    final class Time: Sendable {
        private let milliseconds = Mutex(Timestamp("2026-11-24T09:00:00+07:00")!.milliseconds)
        var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
        func pass(_ span: Int64) { milliseconds.withLock { $0 += span } }
    }

    struct Agent {
        let id: AgentID
        let key: Ed25519PrivateKey
    }

    let folder = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let server: CollectorServer
    let time: Time
    let rogue: Agent
    let honest: Agent

    var now: Timestamp { time.now }

    /// With the time of the test in force.
    static func run(_ body: (SenderRig) throws -> Void) throws {
        let time = Time()
        try NationalTime.$simulated.withValue({ time.now }) {
            let rig = try SenderRig(time)
            defer { rig.remove() }
            try body(rig)
        }
    }

    private init(_ time: Time) throws {
        self.time = time
        try Initialise(state: folder, listen: .tcp(host: "127.0.0.1", port: 1)).run()
        var config = try CollectorConfig.load("\(folder)/collector.json5")
        config.state = folder
        let server = try CollectorServer(config: config)
        self.server = server
        let files: [(RegistryKind, String)] = [
            (.units, "code,name,kind\nH26,A,province\nH29,B,province\n"),
            (.systems, "code,unit,name\nH26.mot,H26,A\nH29.mot,H29,B\n"),
            (
                .services,
                "system,service,office_per_day,off_per_day\nH26.mot,Tra,900000,900\nH29.mot,Tra,900000,900\n"
            ),
            (
                .accounts,
                "system,login,full_name,cccd,per_day\nH26.mot,canbo1,NGUYENVANMAU,000000000001,100000\nH29.mot,canbo1,NGUYENVANMAU,000000000002,100000\n"
            ),
        ]
        let agents = try server.store.write { records in
            for (kind, text) in files {
                _ = try RegistryImport(records: records, replaces: false).run(
                    kind, file: "\(kind)", text: text)
            }
            return try ["H26.mot", "H29.mot"].map { code in
                try records.setMode(SystemCode(unchecked: code), .enforce)
                let key = try Ed25519PrivateKey.generate()
                let agent = try #require(
                    try records.enrol(
                        JWK(key.publicKey), token: code, system: SystemCode(unchecked: code),
                        host: "x", at: time.now))
                return Agent(id: agent.id, key: key)
            }
        }
        (rogue, honest) = (agents[0], agents[1])
        try server.policies.publish()
    }

    private func remove() {
        for name in Files.list(folder) { Files.remove("\(folder)/\(name)") }
        rmdir(folder)
    }

    func record(_ agent: Agent) throws -> AgentRecord {
        try #require(try server.store.read { try $0.agent(agent.id) })
    }

    /// The next summary of an agent, from where it is covered to now.
    func summary(_ agent: Agent, _ rows: [SummaryRow] = []) throws -> Summary {
        let record = try record(agent)
        return Summary(
            agent: agent.id, system: agent.id.system, epoch: record.epoch, seq: record.seq + 1,
            part: .init(n: 1, of: 1), prev: record.lastHash, from: min(record.coveredTo, now),
            to: now, everyMilliseconds: 60_000, clockOffsetMilliseconds: nil, held: held(agent),
            downtime: nil, dropped: [:], refusedSets: [:], breaches: [], rows: rows)
    }

    func held(_ agent: Agent) -> Summary.Held {
        let sets = server.delivery.signed(agent.id.system)
        return Summary.Held(
            nation: sets.nation?.held, system: sets.system?.held,
            policy: server.delivery.policy(agent.id.system)?.version)
    }

    func row(
        _ allowed: Int64 = 1, login: String = "canbo1", at hour: Timestamp? = nil,
        denied: [String: Int64] = [:]
    ) -> SummaryRow {
        let hour = (hour ?? now).hourStart
        return SummaryRow(
            login: Login(unchecked: login), service: ServiceName(unchecked: "Tra"), hour: hour,
            window: server.config.calendar.window(at: hour).kind, allowed: allowed, denied: denied)
    }

    /// The answer to summaries as they are; nil: it was not 200.
    @discardableResult
    func push(_ agent: Agent, _ lines: [String]) throws -> PushAnswer? {
        let record = try record(agent)
        let reply = Mutex<HTTPReply?>(nil)
        let items = Intake.read([UInt8](lines.joined(separator: "\n").utf8), from: record)
        server.intake.commit([
            Intake.Push(agent: agent.id, items: items) { answer in reply.withLock { $0 = answer } }
        ])
        let answer = try #require(reply.withLock { $0 })
        return answer.status == 200 ? try decodeJSON(PushAnswer.self, answer.body) : nil
    }

    /// As the intake's thread takes it: a push that is too long for one transaction in parts. With it what others wait for
    /// at the same time; nil: it was not 200.
    func pushThroughQueue(_ agent: Agent, _ lines: [String]) throws -> PushAnswer? {
        let record = try record(agent)
        let reply = Mutex<HTTPReply?>(nil)
        let items = Intake.read([UInt8](lines.joined(separator: "\n").utf8), from: record)
        let push = Intake.Push(agent: agent.id, items: items) { answer in
            reply.withLock { $0 = answer }
        }
        #expect(server.intake.queue.add(push))
        for _ in 0..<100 where reply.withLock({ $0 }) == nil {
            server.intake.commit(server.intake.queue.take().pushes)
        }
        let answer = try #require(reply.withLock { $0 })
        #expect(!server.intake.queue.isBusy(agent.id))
        return answer.status == 200 ? try decodeJSON(PushAnswer.self, answer.body) : nil
    }

    /// Summaries that follow one another, of so many milliseconds each, from where the agent is covered; signed.
    func chain(_ agent: Agent, every span: Int64 = 1000, _ rows: [[SummaryRow]]) throws -> [String]
    {
        let first = try summary(agent)
        var (lines, prev, from) = ([String](), first.prev, first.from)
        for (index, rows) in rows.enumerated() {
            var next = first
            (next.seq, next.prev, next.rows) = (first.seq + Int64(index), prev, rows)
            (next.from, next.to) = (from, from.advanced(byMilliseconds: span))
            let jws = try JWS.sign(next, typ: Summary.typ, with: agent.key)
            (prev, from) = (JWS.digest(jws), next.to)
            lines.append(jws)
        }
        return lines
    }

    /// From now on nothing of this login can be stored, as where a table is damaged.
    func breakStorage(of login: String) throws {
        try server.store.write {
            try $0.db.execute(
                """
                CREATE INDEX broken ON usage_account
                (CASE WHEN login = '\(login)' THEN abs(-9223372036854775807 - 1) END)
                """)
        }
    }

    @discardableResult
    func push(_ agent: Agent, _ summary: Summary) throws -> PushAnswer.Item {
        let jws = try JWS.sign(summary, typ: Summary.typ, with: agent.key)
        return try #require(try push(agent, [jws])?.items.first)
    }

    func newEpoch(_ agent: Agent) throws {
        _ = try server.store.write { records in
            try AgentAPI(
                intake: self.server.intake, authenticator: self.server.authenticator,
                keys: self.server.keys
            ).newEpoch(
                EpochRequest(epoch: 1, lastSeq: 0, lastHash: ""), agent.id, records)
        }
    }

    func lock(_ scope: String) throws -> LockRecord {
        let lock = try server.store.write { records in
            try server.locks.book(records, at: .now).issue(
                .init(
                    scope: #require(Scope(scope)), reason: "staff", note: "x", issuedBy: "trực ban")
            )
        }
        server.delivery.refresh(from: server.store, server.metrics)
        return lock
    }

    func lock(again lock: LockRecord) throws -> LockRecord {
        try #require(try server.store.read { try $0.lock(lock.id) })
    }

    /// Kinds of I1 alerts.
    func alerts() throws -> Set<String> {
        Set(
            try server.store.read { try $0.alerts() }.filter { $0.rule == "I1" }.compactMap {
                guard case .object(let figures) = $0.figures,
                    case .string(let kind)? = figures["kind"]
                else { return nil }
                return kind
            })
    }

    /// Written by pushes so far.
    var rows: Int64 { server.store.activity[.pushes].rows }

    func gaps(_ agent: Agent) throws -> [Range<Timestamp>] {
        try server.store.read { try $0.gaps(agent.id) }
    }

    func allowed(_ agent: Agent) throws -> Int64 {
        let answer = try StaffCommands(desk: server.desk, who: "test").usage(
            AdminRequest(
                command: "usage",
                options: ["by": ["system"], "system": [agent.id.system.rawValue]],
                flags: [], arguments: [], files: []))
        return answer.rows?.first.flatMap { Int64($0[1]) } ?? 0
    }
}
