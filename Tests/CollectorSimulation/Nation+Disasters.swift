import Domain
import Glibc
import Platform
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

extension Nation {
    /// Now and then a statement fails, the disk is full, or the process ends in the middle.
    func withFaults(_ body: () throws -> Void) throws {
        guard chance.hits(0.3) else { return try body() }
        let kind: StatementFaults.Kind = [.once, .full, .crash][chance.number(0...2)]
        if try withFault(at: chance.number(1...60), kind, body) {
            figures["faults", default: 0] += 1
        }
    }

    /// A push, a lock and its release with their Nth statement failing, for every N until there is none. Returns how many.
    func sweep(_ kind: StatementFaults.Kind) throws -> Int {
        var step = 0
        while true {
            step += 1
            pass(5000)
            let agent = agents[step % agents.count]
            try seal(agent)
            let wasHit = try withFault(at: step, kind) {
                let batch = Array(agent.waiting.prefix(4))
                if let answer = try self.deliver(agent, batch) {
                    try self.settle(agent, answer, batch)
                }
                try self.lock()
                try self.release()
            }
            if !wasHit { return step - 1 }
            try speak(agent)
            try check()
        }
    }

    private func withFault(
        at step: Int, _ kind: StatementFaults.Kind, _ body: () throws -> Void
    ) throws -> Bool {
        let (copy, database) = ("\(root)/copy", "\(state)/collector.db")
        let faults = StatementFaults(at: step, kind) {
            for part in ["", "-wal"] {
                Files.remove(copy + part)
                _ = try? Files.copy(database + part, to: copy + part)
            }
        }
        try StorageSeam.withFaults(faults, body)
        if faults.wasHit, kind == .crash { try crash(from: nil) }
        return faults.wasHit
    }

    /// Ends the process. `from`: what its files are now; nil: what they were when it ended.
    func crash(from folder: String?) throws {
        let former = state
        let next = "\(root)/life-\(life + 1)"
        try Files.makeFolder(next)
        for name in Backup.files + ["audit-head.jws"] where Files.exists("\(state)/\(name)") {
            try Files.copy("\(state)/\(name)", to: "\(next)/\(name)")
        }
        let source = folder.map { "\($0)/collector.db" } ?? "\(root)/copy"
        for part in ["", "-wal"] where Files.exists(source + part) {
            try Files.copy(source + part, to: "\(next)/collector.db" + part)
        }
        life += 1
        figures["crashes", default: 0] += 1
        if Files.exists("\(former)/clock.json") {
            try Files.copy("\(former)/clock.json", to: "\(next)/clock.json")
        }
        server = try Self.open(next, time)
        try check(isInterrupted: folder == nil)
    }

    func takeBackup() throws {
        let path = "\(root)/backup-\(life)-\(now.milliseconds)"
        try Backup(state: state).write(to: path, sealed: nil, at: now)
        let sets = try server.store.read { records in
            (try records.lockSetCounters(), try records.generation())
        }
        let counters = Dictionary(
            sets.0.map { ($0.audience, Version(generation: sets.1, counter: $0.counter)) },
            uniquingKeysWith: { $1 })
        backup = (path, locks, counters)
    }

    /// The database is gone; a backup takes its place. What no agent holds of later locks is lost, and must be.
    func restore() throws {
        guard let backup else { return }
        let next = "\(root)/life-\(life + 1)"
        try Files.makeFolder(next)
        _ = try Restore(state: next, now: now).run(backup.path, by: "sim")
        life += 1
        figures["restores", default: 0] += 1
        server = try Self.open(next, time)
        try hearAgents()
        var expected = backup.locks
        for audience in [
            Audience.nation, .system(SystemCode(unchecked: "H26.mot")),
            .system(SystemCode(unchecked: "H29.mot")),
        ] {
            let newest = agents.compactMap { $0.sets[audience]?.set }.max {
                $0.version < $1.version
            }
            guard let newest,
                newest.version > backup.counters[audience] ?? Version(generation: 0, counter: 0)
            else { continue }
            // What ended meanwhile is not taken back. The collector's time may be some minutes off (ClockJudge): what ends
            // about now may be.
            mayHaveEnded.formUnion(
                newest.locks.filter { lock in
                    lock.expiresAt.map {
                        abs($0.milliseconds - self.now.milliseconds) < 500_000
                    } ?? false
                }.map(\.id))
            let present = Set(newest.locks.filter { $0.isInForce(at: self.now) }.map(\.id))
            let own = try server.store.read { records in
                Set(
                    try records.locks(state: .active).filter {
                        try self.server.locks.book(records, at: .now).audiences(of: $0.scope)
                            .contains(
                                audience)
                    }.map(\.id))
            }
            expected = expected.subtracting(own).union(present)
        }
        locks = expected
        self.backup = nil
        // Staff may lock before any agent has spoken.
        if chance.hits(0.5) { try lock() }
        // Each agent speaks once before anything else happens to the locks.
        for agent in agents {
            for _ in 0..<3 { try speak(agent) }
        }
        try check()
    }

    /// A push without loss or fault.
    func speak(_ agent: SimulatedAgent) throws {
        pass(1000)
        try seal(agent)
        let batch = Array(agent.waiting.prefix(16))
        guard !batch.isEmpty, let answer = try deliver(agent, batch) else { return }
        try settle(agent, answer, batch)
    }

    // MARK: what must be true

    /// `isInterrupted`: the process has just ended in the middle of something; the lock or release that was under way may
    /// stand or not.
    func check(isInterrupted: Bool = false) throws {
        let active = try server.store.read { Set(try $0.locks(state: .active).map(\.id)) }
        let differences = active.symmetricDifference(locks).subtracting(mayHaveEnded)
        mayHaveEnded = []
        guard differences.isEmpty || isInterrupted && differences.count == 1 else {
            throw Failure(
                description:
                    "locks: too many \(active.subtracting(locks)), too few \(locks.subtracting(active))"
            )
        }
        locks = active
        for agent in agents {
            guard let last = agent.kept.last else { continue }
            let id = agent.id
            let found = try server.store.read {
                try $0.evidence(id, epoch: last.summary.epoch, seq: last.summary.seq)
            }
            guard found?.hash == JWS.digest(last.jws) else {
                throw Failure(
                    description: "\(id) \(last.summary.seq) was acknowledged and is gone")
            }
        }
    }

    /// A small quota is passed in several summaries; a year later only those are left.
    func lockByCountsAndForget() throws {
        let agent = agents[0]
        let system = agent.id.system
        try server.store.write { records in
            _ = try RegistryImport(records: records, replaces: false).run(
                .accounts, file: "accounts",
                text:
                    "system,login,full_name,cccd,per_day\n\(system),canbo0,NGUYENVANMAU,000000000000,10\n"
            )
        }
        try server.policies.publish()
        for _ in 0..<3 { try count("canbo2", 1, agent) }
        let before = agent.seq
        pass(86_400_000)
        for _ in 0..<5 { try count("canbo0", 5, agent) }
        let locked = try server.store.read { try $0.locks(state: .active).first?.reason }
        guard locked == "R1" else {
            throw Failure(description: "no lock by R1: \(locked ?? "none")")
        }
        let after = agent.seq
        pass(86_400_000)
        for _ in 0..<3 { try count("canbo2", 1, agent) }

        pass(400 * 86_400_000)
        try Retention(.init(), store: server.store, metrics: Metrics()).prune(now: now)
        let id = agent.id
        for seq in 1...agent.seq {
            let isKept = try server.store.read { try $0.evidence(id, epoch: 1, seq: seq) != nil }
            // What came before the lock on its day counts towards it. The next summary joins the last.
            let counts = seq > before && seq <= after || seq == agent.seq
            guard isKept == counts else {
                throw Failure(description: "summary \(seq) of \(before)/\(after): kept \(isKept)")
            }
        }
    }

    /// A minute in which one account asked, told at once.
    private func count(_ login: String, _ queries: Int64, _ agent: SimulatedAgent) throws {
        pass(60_000)
        let hour = now.hourStart
        let window = server.config.calendar.window(at: hour).kind
        try agent.seal(
            to: now,
            [
                SummaryRow(
                    login: Login(unchecked: login), service: ServiceName(unchecked: "Tra"),
                    hour: hour, window: window, allowed: queries)
            ])
        guard let answer = try deliver(agent, agent.waiting) else {
            throw Failure(description: "a push was not taken")
        }
        try settle(agent, answer, agent.waiting)
    }

    /// All faults are over: everything is sent, and everything must be as the model says.
    func end() throws {
        time.setMachine(by: 0)
        try hearAgents()
        for _ in 0..<40 {
            for agent in agents { try speak(agent) }
        }
        // As the main thread does every few seconds.
        server.delivery.refresh(from: server.store, server.metrics)
        for (agent, batch) in delayed { _ = try deliver(agent, batch) }
        let last = now
        for agent in agents {
            pass(1)
            try seal(agent)
            for _ in 0..<40 where !agent.waiting.isEmpty { try speak(agent) }
            guard agent.waiting.isEmpty else { throw Failure(description: "\(agent.id) is stuck") }
        }
        // What the last to speak told may have changed a set once more; and all hear of it.
        for agent in agents { try speak(agent) }
        try checkTotals(to: last)
        try checkBlame()
        try check()
        for agent in agents {
            for (audience, held) in agent.sets {
                let stored = try server.store.read { try $0.lockSet(audience)?.jws }
                guard stored == held.jws else {
                    throw Failure(
                        description: "\(agent.id) does not hold the present set of \(audience)")
                }
            }
        }
        server.audit.sign()
        let problem = try server.store.read { records in
            try AuditCheck(
                entries: try records.auditLog(),
                head: AuditHead(folder: self.state, key: self.server.keys.signing)
            ).problem(against: [])
        }
        if let problem { throw Failure(description: "audit: \(problem.en)") }
        if let finding = try evidence().findings.first {
            throw Failure(description: "evidence: \(finding)")
        }
    }

    /// `evidence verify`, without its pauses.
    func evidence() throws -> EvidenceCheckResult {
        var result = EvidenceCheckResult()
        for system in try server.store.read({ try $0.systems().map(\.code) }) {
            var check = EvidenceCheck(
                store: server.store, config: server.config, system: system, agent: nil, from: nil,
                to: nil, now: now, gate: server.evidenceGate)
            check.rest = { _ in }
            result.add(try check.run())
        }
        return result
    }

    /// When hours by account are gone, the evidence still bears out dates by account and hours of systems.
    func verifyAfterAQuarter() throws {
        let agent = agents[0]
        for _ in 0..<3 { try count("canbo2", 2, agent) }
        pass(100 * 86_400_000)
        try Retention(.init(), store: server.store, metrics: Metrics()).prune(now: now)
        func found() throws -> [String] { try evidence().findings.map(\.en) }
        func change(_ sql: String) throws { try server.store.write { try $0.db.execute(sql) } }
        var told = [try found()]
        try change("DELETE FROM usage_hour; UPDATE usage_date SET allowed = allowed + 1")
        told.append(try found())
        try change("UPDATE usage_date SET allowed = allowed - 1")
        try change("DELETE FROM usage_system_hour")
        told.append(try found())
        guard told[0].isEmpty, told[1].count == 1, told[1][0].contains("allowed 1,"),
            told[2].count == 1, told[2][0].hasPrefix("all accounts Tra"),
            told[2][0].contains("allowed -6,")
        else { throw Failure(description: "told: \(told)") }
    }

    private func checkTotals(to time: Timestamp) throws {
        let answer = try StaffCommands(desk: server.desk, who: "sim").usage(
            AdminRequest(
                command: "usage",
                options: [
                    "by": ["system,account,service,hour,window"], "to": [time.description],
                ], flags: [], arguments: [], files: []))
        let everything = try StaffCommands(desk: server.desk, who: "sim").usage(
            AdminRequest(
                command: "usage", options: ["by": ["system,account,service,hour,window"]],
                flags: [], arguments: [], files: []))
        var found: [Key: Int64] = [:]
        for row in everything.rows ?? [] {
            guard let hour = Timestamp(row[3]), let allowed = Int64(row[5]),
                row[0] != Self.rogueSystem.rawValue
            else { continue }
            found[Key(system: row[0], login: row[1], service: row[2], hour: hour, window: row[4])] =
                allowed
        }
        let differences = Set(found.keys).union(totals.keys).filter {
            found[$0] ?? 0 != totals[$0] ?? 0
        }
        if let key = differences.first {
            throw Failure(
                description:
                    "\(differences.count) totals differ: \(key) asked \(totals[key] ?? 0), counted \(found[key] ?? 0)"
            )
        }
        guard case .object(let whole)? = answer.json,
            case .object(let coverage)? = whole["coverage"],
            case .array(let missing)? = coverage["missing"]
        else { throw Failure(description: "no coverage") }
        let ofHonest = missing.filter { gap in
            guard case .object(let fields) = gap, case .string(let agent)? = fields["agent"]
            else { return true }
            return !agent.hasPrefix(Self.rogueSystem.rawValue + "/")
        }
        guard ofHonest.isEmpty else {
            throw Failure(description: "coverage misses \(missing.count) intervals")
        }
    }
}
