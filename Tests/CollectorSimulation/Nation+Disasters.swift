import Domain
import Glibc
import Platform
import Synchronization
import Wire

@testable import Collector

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
                try? Files.copy(database + part, to: copy + part)
            }
        }
        try StorageSeam.withFaults(faults, body)
        if faults.wasHit, kind == .crash { try crash(from: nil) }
        return faults.wasHit
    }

    /// Ends the process. `from`: what its files are now; nil: what they were when it ended.
    func crash(from folder: String?) throws {
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
        server = try Self.open(next)
        try check()
    }

    func takeBackup() throws {
        let path = "\(root)/backup-\(life)-\(now.milliseconds)"
        try Backup(state: state).write(to: path, at: now)
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
        server = try Self.open(next)
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
            let present = Set(newest.locks.map(\.id))
            let own = try server.store.read { records in
                Set(
                    try records.locks(state: .active).filter {
                        try LockBook(records, self.server, .now).audiences(of: $0.scope).contains(
                            audience)
                    }.map(\.id))
            }
            expected = expected.subtracting(own).union(present)
        }
        locks = expected
        self.backup = nil
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

    func check() throws {
        let active = try server.store.read { Set(try $0.locks(state: .active).map(\.id)) }
        // A crash may have come between the commit and the answer: then a lock stands that nobody was told of.
        if active != locks { try reconcile(active) }
        if let agent = agents.first(where: { !$0.kept.isEmpty }), let last = agent.kept.last {
            let id = agent.id
            let found = try server.store.read {
                try $0.evidence(id, epoch: last.summary.epoch, seq: last.summary.seq)
            }
            if found == nil, isRestored { return }
            guard found?.hash == JWS.digest(last.jws) else {
                throw Failure(description: "\(id) \(last.summary.seq) was acknowledged and is gone")
            }
        }
    }

    private var isRestored: Bool {
        (try? server.store.read { try !$0.formerSets().isEmpty }) ?? false
    }

    private func reconcile(_ active: Set<String>) throws {
        let more = active.subtracting(locks)
        let less = locks.subtracting(active)
        guard more.count + less.count <= 1 else {
            throw Failure(description: "locks: too many \(more), too few \(less)")
        }
        // At most the one that was under way when the process ended.
        guard wasInterrupted else {
            throw Failure(description: "locks: too many \(more), too few \(less)")
        }
        locks = active
    }

    /// Whether the last thing that happened was an end in the middle of something.
    private var wasInterrupted: Bool { life > 0 }

    /// All faults are over: everything is sent, and everything must be as the model says.
    func end() throws {
        for _ in 0..<40 {
            for agent in agents { try speak(agent) }
        }
        // As the main thread does every few seconds.
        server.refreshSets()
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
        server.signAuditHead()
        let problem = try server.store.read { records in
            try AuditCheck(
                entries: try records.auditLog(),
                head: AuditHead(folder: self.state, key: self.server.signingKey)
            ).problem(against: [])
        }
        if let problem { throw Failure(description: "audit: \(problem.en)") }
    }

    private func checkTotals(to time: Timestamp) throws {
        let answer = try StaffCommands(server: server, who: "sim").usage(
            AdminRequest(
                command: "usage",
                options: [
                    "by": ["system,account,service,hour,window"], "to": [time.description],
                ], flags: [], arguments: [], files: []))
        let everything = try StaffCommands(server: server, who: "sim").usage(
            AdminRequest(
                command: "usage", options: ["by": ["system,account,service,hour,window"]],
                flags: [], arguments: [], files: []))
        var found: [Key: Int64] = [:]
        for row in everything.rows ?? [] {
            guard let hour = Timestamp(row[3]), let allowed = Int64(row[5]) else { continue }
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
        guard missing.isEmpty else {
            throw Failure(description: "coverage misses \(missing.count) intervals")
        }
    }
}
