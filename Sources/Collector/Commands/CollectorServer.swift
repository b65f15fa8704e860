import Domain
import Platform
import Synchronization
import Wire

/// What a running collector is made of. Start: store → lock sets and policies signed → intake → sockets → status → notifications.
/// Stop (SIGTERM): intake drained → sockets → notifications under way → done.
final class CollectorServer: Sendable {
    let config: CollectorConfig
    let store: any Store
    let signingKey: Ed25519PrivateKey
    /// The signed key list, as it is handed out.
    let keys: String
    let keyList: KeyList
    let metrics = Metrics()
    let delivery = Delivery()
    let epochLimit = EpochLimit()
    let evidenceGate = EvidenceGate()
    let authenticator: Authenticator
    let notifications: Notifications
    private let intakeBox = Mutex<Intake?>(nil)
    private let signing = Mutex<Void>(())

    /// Holds the state folder before the database is opened: a restore at work gives that file another name, and a server
    /// that opened it before would go on with what was set aside.
    static func serve(_ config: CollectorConfig) throws {
        try checkState(config.state)
        let lock = try FileLock("\(config.state)/lock")
        defer { withExtendedLifetime(lock) {} }
        Backup.removeLeft(config.state)
        try CollectorServer(config: config).run()
    }

    private static func checkState(_ state: String) throws {
        guard Files.exists("\(state)/keys.jws") else {
            throw CommandFailure(
                .badConfig,
                "\(state) is no collector's state; run chot-collector init --state \(state) first",
                vi:
                    "\(state) không phải thư mục trạng thái của máy chủ; hãy chạy chot-collector init --state \(state) trước"
            )
        }
    }

    private let importing = Mutex(false)

    init(config: CollectorConfig) throws {
        self.config = config
        try Self.checkState(config.state)
        guard Files.exists("\(config.state)/collector.db") else {
            throw CommandFailure(
                .badConfig,
                "\(config.state)/collector.db is missing: put a backup back with chot-collector restore FILE",
                vi:
                    "không có \(config.state)/collector.db: hãy khôi phục từ bản sao lưu bằng chot-collector restore FILE"
            )
        }
        store = try SQLiteStore(path: "\(config.state)/collector.db")
        try store.write {
            try $0.adoptOldUsage { config.calendar(of: $0.unit).officeFrom }
        }
        // Rows of an import that a crash cut off.
        try RegistryStaging.clear(store)
        signingKey = try PrivateJWK.load("\(config.state)/sign.key")
        keys = try Files.readText("\(config.state)/keys.jws")
        let list = try decodeJSON(KeyList.self, try JWS.parse(keys.utf8).payload)
        keyList = list
        authenticator = Authenticator(store: store, collector: list.collector)
        notifications = Notifications(
            config.notify, store: store, metrics: metrics, collector: list.collector)
        let intake = Intake(server: self)
        intakeBox.withLock { $0 = intake }
    }

    /// One import at a time; false: another is under way.
    func beginImport() -> Bool {
        importing.withLock { isImporting in
            defer { isImporting = true }
            return !isImporting
        }
    }

    func endImport() { importing.withLock { $0 = false } }

    var rootThumbprint: String { keyList.root.thumbprint }
    var collectorID: String { keyList.collector }

    var intake: Intake {
        guard let intake = intakeBox.withLock({ $0 }) else { preconditionFailure("made by init") }
        return intake
    }

    func lockBook(_ records: Records) -> LockBook {
        LockBook(records, self, .now)
    }

    /// Signs what changed in registration, mode, terms or configuration, and tells the agents. Locks that
    /// the change shows to be wrong are released; they are returned. `outcome`: mistaken where a number was
    /// corrected, nil where it was raised for a time.
    @discardableResult
    func publishPolicies(outcome: String? = "mistaken") throws -> [LockRecord] {
        let now = Timestamp.now
        let released = try store.write { records in
            var missing: Set<Audience> = []
            if try records.lockSet(.nation) == nil { missing.insert(.nation) }
            for system in try records.systems() {
                if try records.lockSet(.system(system.code)) == nil {
                    missing.insert(.system(system.code))
                }
                try publishPolicy(of: system, records, at: now)
            }
            // A locked person's accounts may have come, gone or moved.
            let hasPersonLocks = try records.locks(state: .active).contains {
                if case .person = $0.scope { true } else { false }
            }
            if hasPersonLocks { missing.formUnion(try records.systems().map { .system($0.code) }) }
            try lockBook(records).publish(missing)
            return try lockBook(records).rejudge(records.systems(), outcome: outcome)
        }
        try store.read { try delivery.refresh($0) }
        return released
    }

    func run() throws {
        try Files.makeFolder("\(config.state)/run", mode: 0o755)
        declareMetrics()
        try publishPolicies()
        signAuditHead()
        var keyRotation = KeyRotation(server: self, since: .now)
        let silence = Silence(server: self, since: .now)
        let writer = intake.start()
        let agents = try AgentSockets(server: self)
        let admin = AdminSocket(server: self)
        let adminServer = try admin.start()
        let status = try StatusServer.start(config.status, metrics: metrics) {
            [UInt8]("{\"status\":\"ok\"}".utf8)
        }
        try notifications.start()
        let retention = Retention(config.retention, store: store, metrics: metrics)
        let keeper = retention.start()
        Systemd.notify("READY=1")
        Log.notice("chot-collector runs", ["api": config.apiSocket, "admin": config.adminSocket])
        var ticks = 0
        var nextRenewal = MonotonicClock.milliseconds() + Self.renewalMilliseconds
        let signal = Signals.waitForStop(everyMilliseconds: 200) {
            delivery.tick()
            recordDeliveries()
            ticks += 1
            if ticks % 25 == 0 {
                keyRotation.look(at: .now)
                refreshSets()
            }
            if ticks % 5 == 0 {
                Systemd.notify("WATCHDOG=1")
                expireLocks()
            }
            if ticks % 50 == 0 { notifications.trim() }
            // What a herd needed for a moment.
            if ticks % 100 == 0 { Memory.giveBack() }
            if ticks % silence.ticks(every: 200) == 0 { silence.look(at: .now) }
            if ticks % 25 == 0 { signAuditHead() }
            if MonotonicClock.milliseconds() >= nextRenewal { nextRenewal = renewLockSets() }
        }
        Log.notice("stopping: what was received is committed", ["signal": signal])
        Systemd.notify("STOPPING=1")
        evidenceGate.close()
        retention.stop()
        intake.stop()
        writer.join()
        keeper.join()
        signAuditHead()
        agents.stop()
        adminServer.stop()
        notifications.stop()
        status.stop()
    }

    /// Signs where the audit log stands, so that cutting it short shows: after every command of staff, and a
    /// few seconds after what rules and agents did.
    func signAuditHead() {
        do {
            let head = AuditHead(folder: config.state, key: signingKey)
            // One at a time: commands run on several threads, and the file is one.
            let isRight = try signing.withLock { _ in try store.read { try head.renew($0) } }
            if !isRight { metrics.add("chot_collector_refused_total", "why=\"audit\"") }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot sign the head of the audit log; it is tried again", ["error": error])
        }
    }

    /// An agent that holds a set much older than this is cut off, or fed old copies.
    static let renewalMilliseconds: Int64 = 3_600_000

    /// Signs all sets anew, so that their age says how fresh an agent's orders are. When it is due again.
    private func renewLockSets() -> Int64 {
        do {
            try store.write { records in
                let systems = try records.systems().map { Audience.system($0.code) }
                try lockBook(records).publish(Set(systems + [.nation]))
                try records.pruneTallies(now: .now)
            }
            try store.read { try delivery.refresh($0) }
            return MonotonicClock.milliseconds() + Self.renewalMilliseconds
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot renew the lock sets; it is tried again", ["error": error])
            return MonotonicClock.milliseconds() + 10_000
        }
    }

    /// What was signed is given to agents also when reading it failed just then (simulation, seed 28).
    func refreshSets() {
        do { try store.read { try delivery.refresh($0) } } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot read the lock sets; it is tried again", ["error": error])
        }
    }

    private func recordDeliveries() {
        let news = delivery.takeNews()
        guard !news.isEmpty else { return }
        do {
            try store.write {
                try Acknowledgement(records: $0, delivery: delivery, book: lockBook($0)).record(
                    news)
            }
        } catch {
            delivery.giveBack(news)
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot note who holds which locks; it is tried again", ["error": error])
        }
    }

    private func expireLocks() {
        do {
            let now = Timestamp.now
            let isDue = try store.read {
                try $0.locks(state: .active).contains { $0.expiresAt.map { $0 <= now } ?? false }
            }
            guard isDue else { return }
            let changed = try store.write { try lockBook($0).expire() }
            if changed { try store.read { try delivery.refresh($0) } }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot end locks whose time is over; it is tried again", ["error": error])
        }
    }

    /// By the problem that the one who asked is told.
    func countRefusal(_ problem: String) {
        let why = problem.replacing(" ", with: "_")
        metrics.add("chot_collector_refused_total", "why=\"\(why)\"")
    }

    private func declareMetrics() {
        store.activity.declare(metrics)
        metrics.declare("chot_collector_summaries_total", "Summaries received, by status.")
        metrics.declare(
            "chot_collector_refused_total", "Requests and summaries refused, by reason.")
        metrics.declare(
            "chot_collector_refused_not_kept_total",
            "Forks and chain breaks whose texts were not kept, their agent having too many.")
        metrics.declare("chot_collector_commits_total", "Transactions of the intake.")
        metrics.declare("chot_collector_storage_errors_total", "Failed writes; agents send again.")
        metrics.declare("chot_collector_enrolments_total", "Agents enrolled.")
        metrics.declare(
            "chot_collector_sketches_total", "Sketches of the day, by what became of them.")
        metrics.gauge("chot_collector_waiting", "Agents that wait for a change of locks.") {
            [delivery] in
            Int64(delivery.waitingCount)
        }
    }
}
