import Domain
import Platform
import Synchronization
import Wire

/// One system's điểm chốt, with its own state folder, key, ledger, outbox, orders and courier. Several of them share
/// a process, an authorize socket and a status listener (`AgentRuntime`); trouble in one stops no other.
///
/// Thread-safe. It has a thread that opens it and then ends, one that pushes, one that waits for locks, and one that
/// follows logs where there are any.
final class SystemPost: Sendable {
    /// What exists once orders are held and the ledger is open.
    struct Opened: Sendable {
        let checkpoint: Checkpoint
        let outbox: Outbox
        let orders: Orders
        let courier: Courier
        let local: LocalOrders
        /// Nil where no query log is kept.
        let queryLog: QueryLog?
        /// Nil where no log is followed.
        let followed: FollowedLogs?
        /// Computes features from this system's sightings.
        let features: FeatureTracker
    }

    private struct State {
        var opened: Opened?
        /// Whether the first attempt to open it is over, whatever its result.
        var isTried = false
        var trouble: (any Error)?
        /// Whether the authorize socket is open, so that the courier may begin.
        var mayWork = false
        var opener: RunningThread?
        var threads: [RunningThread] = []
        var logs: LogThread?
    }

    static let retryMilliseconds: Int64 = 1000

    /// The configuration, with this system's own state folder.
    let config: AgentConfig
    let identity: Identity
    let key: Ed25519PrivateKey
    let metrics: Metrics
    /// Filled when the post is open.
    let place = CheckpointPlace()
    let surroundings: Surroundings
    private let lock: FileLock
    private let state = Mutex(State())
    let clock: TrustedClock
    let contact: Contact
    let troubles = StorageTroubles()
    let startedAt: Timestamp
    private let fetching: CollectorClient
    private let stopping = Atomic<Bool>(false)
    private let pause = WakeEvent()

    /// Locks the state folder and loads the identity. `config` names the folder of this system.
    init(
        config: AgentConfig, metrics: Metrics, clock: TrustedClock,
        surroundings: Surroundings = Surroundings()
    ) throws {
        try Files.makeFolder(config.state)
        lock = try FileLock("\(config.state)/lock")
        identity = try Identity.load(config.state)
        key = try PrivateJWK.load("\(config.state)/agent.key")
        self.config = config
        self.metrics = metrics
        self.clock = clock
        self.surroundings = surroundings
        startedAt = clock.now()
        contact = Contact(
            folder: config.state, first: identity.enrolledAt,
            saveEveryMilliseconds: min(30_000, config.offlineGraceMilliseconds / 10),
            boot: surroundings.pace.boot)
        fetching = CollectorClient(
            config: config, identity: identity, key: key, clock: clock, contact: contact,
            transport: surroundings.transport)
    }

    var opened: Opened? { state.withLock { $0.opened } }
    var isTried: Bool { state.withLock { $0.isTried } }
    /// Why the post is not open; nil while it only waits for its first orders.
    var trouble: (any Error)? { state.withLock { $0.trouble } }

    // MARK: opening

    /// Begins to open it on a thread of its own, and tries until it is open or stopped. `isAlone`: with no other
    /// system beside it a storage trouble ends the attempts, and the process may end with it.
    func open(isAlone: Bool) {
        let opener = RunningThread(name: "post-opener") { [self] in
            var parts = Parts()
            while !isStopping {
                do {
                    if let opened = try attempt(&parts) { return publish(opened) }
                    note(nil)
                } catch {
                    note(error)
                    if isAlone { return }
                }
                pause.wait(milliseconds: Self.retryMilliseconds)
            }
        }
        state.withLock { $0.opener = opener }
    }

    private var databasePath: String { "\(config.state)/agent.db" }
    private var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    /// Parts that are opened once, however many attempts it takes.
    struct Parts {
        fileprivate var outbox: Outbox?
        fileprivate var orders: Orders?
    }

    /// Returns nil while no orders are held, neither from the collector nor, when that is away, from disk.
    func attempt(_ parts: inout Parts) throws -> Opened? {
        let outbox =
            try parts.outbox
            ?? Outbox(
                path: databasePath, epoch: identity.epoch, bounds: config.outbox,
                enrolledAt: identity.enrolledAt)
        parts.outbox = outbox
        let orders =
            try parts.orders ?? Orders(state: config.state, identity: identity, metrics: metrics)
        parts.orders = orders
        clock.learn(
            certain: max(identity.enrolledAt, orders.issuedAt),
            lastInterval: try outbox.lastTaken().to)
        let isFetched = OrdersFetcher(client: fetching, orders: orders)
            .fetch(wasAway: isTried)
        guard !isStopping, isFetched || orders.isComplete, var rules = orders.rules else {
            return nil
        }
        rules.offlineGraceMilliseconds = config.offlineGraceMilliseconds
        let (checkpoint, discard) = try openCheckpoint(rules, outbox)
        let now = clock.now()
        let features = FeatureTracker(rules, at: now)
        let sketches = try SketchSender(
            features: features, state: config.state, metrics: metrics, clock: clock,
            today: now.date)
        let courier = Courier(
            config: config, identity: identity, key: key, checkpoint: checkpoint, outbox: outbox,
            orders: orders, metrics: metrics, clock: clock, contact: contact,
            troubles: troubles, sketches: sketches, transport: surroundings.transport,
            pace: surroundings.pace, discardLedger: discard)
        let local = LocalOrders(
            checkpoint: checkpoint, orders: orders, courier: courier, clock: clock,
            contact: contact, config: config)
        local.look()
        let queryLog =
            config.queryLog.isEnabled
            ? QueryLog(
                state: config.state, settings: config.queryLog, metrics: metrics,
                // A clock that is ahead by mistake must not delete files, so the certain time is used.
                now: { [clock] in clock.sureNow }) : nil
        return Opened(
            checkpoint: checkpoint, outbox: outbox, orders: orders, courier: courier, local: local,
            queryLog: queryLog, followed: try FollowedLogs.make(config, checkpoint),
            features: features)
    }

    func publish(_ opened: Opened) {
        AgentMetrics.connect(metrics, opened.checkpoint, opened.outbox, contact)
        AgentMetrics.connect(metrics, opened.orders.troubles)
        if let followed = opened.followed { AgentMetrics.connect(metrics, followed) }
        place.fill(opened.checkpoint, opened.features)
        state.withLock {
            $0.opened = opened
            $0.trouble = nil
            $0.isTried = true
        }
        Log.notice(
            "orders are held; queries of this system are judged",
            ["agent": identity.agent, "mode": opened.checkpoint.policyMode.rawValue])
        workIfDue()
    }

    /// Reports once why it is not open; nil when it waits for its first orders.
    private func note(_ trouble: (any Error)?) {
        guard !isStopping else { return }
        let isNew = state.withLock { state in
            let isNew = !state.isTried || state.trouble.map { "\($0)" } != trouble.map { "\($0)" }
            state.isTried = true
            state.trouble = trouble
            return isNew
        }
        guard isNew else { return }
        if let trouble {
            metrics.add("chot_agent_storage_errors_total")
            Log.error(
                "this system's state cannot be opened; its queries are refused until it can",
                ["agent": identity.agent, "error": trouble])
        } else {
            Log.warning(
                "no policy on disk and the collector is away; queries of this system are refused until it answers",
                ["agent": identity.agent, "collector": config.collectorURL])
        }
    }

    // MARK: working

    /// Called when the authorize socket is open: the courier begins, now or as soon as this post is open.
    func work() {
        state.withLock { $0.mayWork = true }
        workIfDue()
    }

    private func workIfDue() {
        state.withLock { state in
            guard state.mayWork, !isStopping, state.threads.isEmpty, let opened = state.opened
            else { return }
            state.threads = opened.courier.start()
            state.logs = opened.followed.map {
                LogThread($0, into: opened.checkpoint, metrics: metrics)
            }
        }
    }

    /// Called twice a second by the main thread.
    func look(clockWasSet: Bool) {
        guard let opened else { return }
        opened.local.look(clockWasSet: clockWasSet)
        opened.features.forget(before: clock.now())
    }

    /// Begins to end it: what was counted is cut, signed and pushed. `join` waits for that.
    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        fetching.cancel()
        pause.signal()
        opened?.features.hurry()
        // The last interval includes what was answered and logged until now.
        state.withLock { $0.logs }?.stop()
        opened?.courier.stop()
    }

    /// Stops waiting for the collector.
    func hurry() { opened?.courier.hurry() }

    func join() {
        state.withLock { $0.opener }?.join()
        let threads = state.withLock { $0.threads }
        if !threads.isEmpty { opened?.courier.stop() }
        for thread in threads { thread.join() }
        contact.save()
    }
}
