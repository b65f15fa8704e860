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
    let heldLocks = HeldLocks()
    let evidenceGate = EvidenceGate()
    let authenticator: Authenticator
    let notifications: Notifications
    let clock: CentreClock
    private let intakeBox = Mutex<Intake?>(nil)
    private let signing = Mutex<Void>(())
    /// What policies are made of by configuration, by unit and exemption.
    let grounds = Mutex<[String: String]>([:])

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
        try store.write(as: .background) {
            try $0.adoptOldUsage { config.calendar(of: $0.unit).officeFrom }
            try $0.adoptOldDenials { config.calendar(of: $0.unit).officeFrom }
        }
        // Rows of an import that a crash cut off.
        try RegistryStaging.clear(store)
        signingKey = try PrivateJWK.load("\(config.state)/sign.key")
        keys = try Files.readText("\(config.state)/keys.jws")
        let list = try decodeJSON(KeyList.self, try JWS.parse(keys.utf8).payload)
        keyList = list
        let (past, hasWitnesses) = try store.read {
            (try $0.lastAuditTime(), try $0.hasAgents())
        }
        clock = CentreClock(folder: config.state, past: past, hasWitnesses: hasWitnesses)
        clock.know(tokens: try store.read { try $0.lastTokens() })
        authenticator = Authenticator(store: store, collector: list.collector, clock: clock)
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

    func run() throws {
        try Files.makeFolder("\(config.state)/run", mode: 0o755)
        declareMetrics()
        NationalTime.clock.withLock { $0 = clock }
        clock.save()
        // What is signed already is offered at once; a long list of changes goes on after the start.
        try store.read { try delivery.refresh($0) }
        try publishPolicies(
            until: MonotonicClock.milliseconds() + Self.startMilliseconds)
        signAuditHead()
        let watchdog = Watchdog(store.activity)
        let watching = watchdog.start()
        let upkeep = Upkeep(server: self)
        let writer = intake.start()
        let agents = try AgentSockets(server: self)
        let admin = AdminSocket(server: self)
        let adminServer = try admin.start()
        let status = try StatusServer.start(config.status, metrics: metrics) {
            [UInt8]("{\"status\":\"ok\"}".utf8)
        }
        try notifications.start()
        let retention = Retention(config.retention, store: store, metrics: metrics, clock: clock)
        let keeper = retention.start()
        Systemd.notify("READY=1")
        Log.notice("chot-collector runs", ["api": config.apiSocket, "admin": config.adminSocket])
        let keeping = upkeep.start()
        // Nothing here waits for the store: the watchdog looks at this loop.
        let signal = Signals.waitForStop(everyMilliseconds: 200) {
            delivery.tick()
            watchdog.beat()
        }
        Log.notice("stopping: what was received is committed", ["signal": signal])
        Systemd.notify("STOPPING=1")
        evidenceGate.close()
        retention.stop()
        intake.stop()
        writer.join()
        keeper.join()
        upkeep.stop()
        for thread in keeping { thread.join() }
        signAuditHead()
        agents.stop()
        adminServer.stop()
        notifications.stop()
        status.stop()
        watchdog.stop()
        watching.join()
        clock.save()
        NationalTime.clock.withLock { $0 = nil }
    }

    /// How long the start waits for changed policies to be signed.
    private static let startMilliseconds: Int64 = 2000

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

    /// What was signed is given to agents also when reading it failed just then (simulation, seed 28).
    func refreshSets() {
        do { try store.read { try delivery.refresh($0) } } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot read the lock sets; it is tried again", ["error": error])
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
        metrics.gauge(
            "chot_collector_clock_doubted", "1 while the collector's own clock is not believed."
        ) { [clock] in clock.isDoubted ? 1 : 0 }
        metrics.gauge(
            "chot_collector_clock_error_seconds", "The machine's clock less the time in use."
        ) { [clock] in clock.errorMilliseconds / 1000 }
        metrics.gauge("chot_collector_waiting", "Agents that wait for a change of locks.") {
            [delivery] in
            Int64(delivery.waitingCount)
        }
    }
}
