import Domain
import FoundationEssentials
import Platform
import Wire

/// A running agent. Start: state folder locked → ledger recovered → orders held (fetched, or from
/// disk) → authorize socket → courier and ledger sync → status listener, last. Stop (SIGTERM): authorize socket → last interval cut
/// and pushed → courier → status listener.
struct AgentRuntime {
    let config: AgentConfig

    func run() throws {
        try Files.makeFolder(config.state)
        let lock = try FileLock("\(config.state)/lock")
        defer { withExtendedLifetime(lock) {} }
        let identity = try Identity.load(config.state)
        let key = try PrivateJWK.load("\(config.state)/agent.key")
        let metrics = AgentMetrics.make()
        let outbox = try Outbox(path: "\(config.state)/agent.db", epoch: identity.epoch)
        let orders = try Orders(state: config.state, identity: identity, metrics: metrics)
        let client = CollectorClient(config: config, identity: identity, key: key)

        guard try waitForOrders(orders, identity, key), let rules = orders.rules else { return }
        let (checkpoint, discard) = try openCheckpoint(rules, outbox, identity)
        let courier = Courier(
            config: config, identity: identity, key: key, checkpoint: checkpoint, outbox: outbox,
            orders: orders, metrics: metrics, pushClient: client, discardLedger: discard)
        AgentMetrics.connect(metrics, checkpoint, outbox, courier)

        let consumers: [any SightingConsumer] = []
        let sightings = SightingRing()
        let authorize = try AuthorizeEndpoint(
            checkpoint: checkpoint, config: config, metrics: metrics,
            sightings: consumers.isEmpty ? nil : sightings
        ).start()
        let watching = SightingThread(ring: sightings, consumers: consumers)
        let threads = courier.start()
        let syncing = LedgerSync(checkpoint: checkpoint, metrics: metrics)
        let status = try StatusServer.start(config.status, metrics: metrics) {
            AgentStatus(identity, config, checkpoint, outbox, orders, courier).json()
        }
        Systemd.notify("READY=1\nSTATUS=enforcing for \(identity.agent)")
        Log.notice(
            "chot-agent runs",
            [
                "agent": identity.agent, "authorize": config.authorize,
                "mode": rules.policy.mode.rawValue,
            ])
        Memory.giveBack()
        Memory.letGoOfProgramPages()
        let local = LocalOrders(
            checkpoint: checkpoint, orders: orders, courier: courier, config: config)
        let signal = Signals.waitForStop(everyMilliseconds: 500) {
            let now = Timestamp(milliseconds: WallClock.milliseconds())
            checkpoint.touch(now)
            local.look(at: now)
            Systemd.notify("WATCHDOG=1")
        }
        Log.notice("stopping: what was counted is cut, signed and pushed", ["signal": signal])
        Systemd.notify("STOPPING=1")
        authorize.stop()
        watching.stop()
        courier.stop()
        for thread in threads { thread.join() }
        syncing.stop()
        status.stop()
    }

    /// Policy and lock sets from the collector; from disk when it is away; else waits for it.
    private func waitForOrders(_ orders: Orders, _ identity: Identity, _ key: Ed25519PrivateKey)
        throws
        -> Bool
    {
        var hasWarned = false
        let client = CollectorClient(config: config, identity: identity, key: key)
        while true {
            let isFetched = OrdersFetcher(client: client, orders: orders).fetch()
            if isFetched || orders.isComplete { return true }
            if !hasWarned {
                hasWarned = true
                Log.warning(
                    "no policy on disk and the collector is away; the authorize socket stays closed until it answers",
                    ["collector": config.collectorURL])
            }
            var stopped = false
            let until = MonotonicClock.milliseconds() + 1000
            stopped = Signals.takeStop(beforeMonotonicMilliseconds: until)
            if stopped { return false }
        }
    }

    /// Takes over what a former run left, tells the downtime, and recalls today's counts.
    private func openCheckpoint(_ rules: GateRules, _ outbox: Outbox, _ identity: Identity) throws
        -> (Checkpoint, @Sendable (Int64) -> Void)
    {
        let now = Timestamp(milliseconds: WallClock.milliseconds())
        let last = try outbox.lastTaken()
        let folder = "\(config.state)/ledger"
        let (ledger, left, unreadable) = try Ledger.open(
            folder: folder, after: last.ledger,
            from: max(now, last.to, identity.enrolledAt))
        let ids = try requestIDs(left)
        var end = last.ledger == 0 ? identity.enrolledAt : last.to
        for sealed in left {
            var interval = Interval(
                from: sealed.file.from, to: sealed.file.to, rows: sealed.file.rows())
            interval.downtime = downtime(from: end, to: interval.from, isKnown: unreadable == 0)
            if sealed.torn > 0 {
                interval.dropped["torn"] = Int64(sealed.torn)
                Log.error(
                    "a ledger was torn by a power loss; its whole records are counted, the rest is reported",
                    ["ledger": sealed.file.path])
            }
            end = interval.to
            try outbox.take(interval, ledger: sealed.number)
            Files.remove(sealed.file.path)
        }
        var gate = Gate(rules: rules, trustsSources: config.trustsSources)
        // Yesterday's too: the clock may be about to be set back over 07:00.
        let day = rules.policy.calendar.day(at: now)
        let since = rules.policy.calendar.bounds(ofDay: day.previous).lowerBound
        for used in try outbox.used(from: since) {
            gate.recall(used.login, used.service, hour: used.hour, allowed: used.allowed)
        }
        let checkpoint = Checkpoint(
            gate: gate, ledger: ledger, wake: WakeEvent(), ids: ids)
        _ = checkpoint.adoptBypass(Bypass.load(config.state, at: now))
        checkpoint.declareDowntime(
            downtime(from: end, to: ledger.current.from, isKnown: unreadable == 0))
        return (checkpoint, { Files.remove("\(folder)/\($0)") })
    }

    /// Ids of the last queries, where the gateway lets pass what it gets no answer for.
    private func requestIDs(_ left: [Ledger.Sealed]) throws -> RequestIDs? {
        guard config.gateway?.onAgentDown == .pass else { return nil }
        let ids = try RequestIDs.open("\(config.state)/request-ids")
        ids.settleLast { number, place in
            left.first { $0.number == number }?.file.count(at: place)
        }
        return ids
    }

    /// `isKnown`: false when a ledger of the time in between cannot be read.
    private func downtime(from: Timestamp, to: Timestamp, isKnown: Bool) -> Summary.Downtime? {
        guard from < to else { return nil }
        let isRefused = isKnown && config.gateway?.onAgentDown == .refuse
        return Summary.Downtime(from: from, to: to, outcome: isRefused ? .refused : .unknown)
    }
}
