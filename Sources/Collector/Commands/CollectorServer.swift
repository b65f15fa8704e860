import CollectorBackups
import CollectorClock
import CollectorDelivery
import CollectorEvidence
import CollectorIntake
import CollectorLocks
import CollectorNotifications
import CollectorRegistry
import CollectorRetention
import CollectorStaff
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// The parts of a running collector. Start: store → lock sets and policies signed → intake → sockets → status →
/// notifications. Stop (SIGTERM): intake drained → sockets → notifications under way → done.
final class CollectorServer: Sendable {
    let config: CollectorConfig
    let store: any Store
    let keys: CollectorKeys
    let metrics = Metrics()
    let delivery = Delivery()
    let evidenceGate = EvidenceGate()
    let clock: CentreClock
    let locks: LockOffice
    let policies: PolicyPublisher
    let audit: AuditSigner
    let notifications: Notifications
    let authenticator: Authenticator
    let intake: Intake
    let desk: Desk

    /// Locks the state folder before the database is opened. A running restore renames that file, and a server that had
    /// opened it before would go on with the one set aside.
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
        // Rows that an import left when it crashed.
        try RegistryStaging.clear(store)
        keys = try CollectorKeys(state: config.state)
        let (past, hasWitnesses) = try store.read {
            (try $0.lastAuditTime(), try $0.hasAgents())
        }
        clock = CentreClock(folder: config.state, past: past, hasWitnesses: hasWitnesses)
        clock.know(tokens: try store.read { try $0.lastTokens() })
        locks = LockOffice(config: config, signingKey: keys.signing)
        policies = PolicyPublisher(
            store: store, locks: locks, delivery: delivery, metrics: metrics)
        audit = AuditSigner(
            state: config.state, key: keys.signing, store: store, metrics: metrics)
        authenticator = Authenticator(store: store, collector: keys.collector, clock: clock)
        notifications = Notifications(
            config.notify, store: store, metrics: metrics, collector: keys.collector)
        intake = Intake(
            store: store, locks: locks, delivery: delivery, clock: clock, metrics: metrics)
        desk = Desk(
            config: config, store: store, keys: keys, metrics: metrics, delivery: delivery,
            locks: locks, policies: policies, imports: ImportPlace(), notifications: notifications,
            clock: clock, evidenceGate: evidenceGate, audit: audit,
            forgetTokens: { [authenticator] in authenticator.forget() })
    }

    func run() throws {
        try Files.makeFolder("\(config.state)/run", mode: 0o755)
        declareMetrics()
        NationalTime.clock.withLock { $0 = .init(clock.now) }
        clock.save()
        // What is already signed is offered at once; a long list of changes goes on after the start.
        try store.read { try delivery.refresh($0) }
        try policies.publish(
            until: MonotonicClock.milliseconds() + Self.startMilliseconds)
        audit.sign()
        let watchdog = Watchdog(store.activity)
        let watching = watchdog.start()
        let upkeep = Upkeep(desk)
        let writer = intake.start()
        let agents = try AgentSockets(
            AgentAPI(intake: intake, authenticator: authenticator, keys: keys))
        let admin = AdminSocket(desk: desk)
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
        // Nothing here waits for the store, because the watchdog watches this loop.
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
        audit.sign()
        agents.stop()
        adminServer.stop()
        notifications.stop()
        status.stop()
        watchdog.stop()
        watching.join()
        clock.save()
        NationalTime.clock.withLock { $0 = nil }
    }

    /// How long the start waits until changed policies are signed.
    private static let startMilliseconds: Int64 = 2000

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
