import Domain
import FoundationEssentials
import Platform
import Wire

/// A running agent: a post for each system, behind one authorize socket and one status listener.
///
/// Start: it locks the state folders; each post, on a thread of its own, recovers its ledger and gets its orders
/// (fetched, or from disk). As soon as every post was tried once and one is open, it opens the authorize socket, then
/// starts couriers and ledger sync, and last the status listener. A post that is not open yet is tried every second;
/// its queries get 503.
///
/// Stop (SIGTERM): it closes the authorize socket; all posts at once cut and push their last intervals; then it ends
/// the couriers and the status listener.
struct AgentRuntime {
    let config: AgentConfig

    func run() throws {
        let metrics = AgentMetrics.make()
        try Files.makeFolder(config.state)
        let clock = TrustedClock(folder: config.state)
        AgentMetrics.connect(metrics, clock)
        let sightings = SightingRing()
        let damaged = config.systems.isEmpty ? [:] : try EnrolledSystems(config: config).check()
        for trouble in damaged.values { Log.error(trouble.en) }
        let slots = try makePosts(metrics, clock, without: damaged)
        let posts = slots.compactMap { $0 }
        for post in posts { post.open(isAlone: config.systems.isEmpty) }
        guard try waitForFirst(of: posts) else {
            for post in posts { post.stop() }
            for post in posts { post.join() }
            return
        }
        if !config.queryLog.isEnabled {
            Log.warning("queryLog.enabled is false: no log of accesses is kept here")
        }
        let authorize = try AuthorizeEndpoint(
            places: slots.map { $0?.place ?? CheckpointPlace() },
            router: SystemRouter(config.systems), config: config,
            metrics: metrics, clock: clock, sightings: sightings
        ).start()
        let watching = SightingThread(
            ring: sightings, clock: clock,
            bySystem: { slots.map { $0?.opened?.queryLog.map { [$0] } ?? [] } })
        for post in posts { post.work() }
        let syncing = LedgerSync(
            checkpoints: { posts.compactMap(\.place.checkpoint) }, metrics: metrics)
        let detailed = startStatusSocket(posts, damaged)
        let status = try StatusServer.start(config.status, metrics: metrics) { [config] in
            AgentStatus.json(
                of: posts, isSeveral: !config.systems.isEmpty, damaged: damaged.keys.sorted())
        }
        let agents = posts.map(\.identity.agent.rawValue).joined(separator: ", ")
        Systemd.notify("READY=1\nSTATUS=enforcing for \(agents)")
        Log.notice("chot-agent runs", ["agent": agents, "authorize": config.authorize])
        Memory.giveBack()
        Memory.letGoOfProgramPages()
        let signal = Signals.waitForStop(everyMilliseconds: 500) {
            let clockWasSet = clock.look()
            for post in posts { post.look(clockWasSet: clockWasSet) }
            Systemd.notify("WATCHDOG=1")
        }
        Log.notice("stopping: what was counted is cut, signed and pushed", ["signal": signal])
        Systemd.notify("STOPPING=1")
        authorize.stop()
        watching.stop()
        for post in posts { post.stop() }
        joinInTime(posts)
        syncing.stop()
        detailed?.stop()
        status.stop()
        clock.save()
    }

    /// Waits for the posts, but not for a collector that does not answer: queries are refused until the next run.
    /// What is signed is pushed then.
    private func joinInTime(_ posts: [SystemPost]) {
        let isDone = WakeEvent()
        let hurrying = RunningThread(name: "hurrying") {
            guard !isDone.wait(milliseconds: Self.lastPushMilliseconds) else { return }
            Log.notice("the collector does not answer; what is signed is pushed by the next run")
            for post in posts { post.hurry() }
        }
        for post in posts { post.join() }
        isDone.signal()
        hurrying.join()
    }

    private static let lastPushMilliseconds: Int64 = 2000

    /// Starts the status socket. Nothing depends on it: without it `chot-agent status` says that it cannot ask.
    private func startStatusSocket(_ posts: [SystemPost], _ damaged: [SystemCode: Localized])
        -> HTTPServer?
    {
        do {
            return try StatusSocket.start(config, of: posts, damaged: damaged)
        } catch {
            Log.warning("chot-agent status cannot be answered", ["error": error])
            return nil
        }
    }

    /// Makes one post for each system, each with its own state folder, or nil for one that is damaged. Without
    /// `systems` it makes one post, in `state` itself.
    private func makePosts(
        _ metrics: Metrics, _ clock: TrustedClock, without damaged: [SystemCode: Localized]
    ) throws -> [SystemPost?] {
        guard !config.systems.isEmpty else {
            return [try SystemPost(config: config, metrics: metrics, clock: clock)]
        }
        return try config.systems.map { system in
            let own = metrics.labelled("system=\"\(system.code)\"")
            AgentMetrics.begin(own)
            guard damaged[system.code] == nil else {
                own.gauge("chot_agent_system_open", "1 when the system's queries are judged.") { 0 }
                return nil
            }
            let post = try SystemPost(
                config: config.forPost(of: system.code), metrics: own, clock: clock)
            own.gauge("chot_agent_system_open", "1 when the system's queries are judged.") {
                post.place.checkpoint == nil ? 0 : 1
            }
            return post
        }
    }

    /// Waits until one post is open; false when a stop signal comes first. Throws when the only post cannot open.
    private func waitForFirst(of posts: [SystemPost]) throws -> Bool {
        while true {
            if posts.allSatisfy(\.isTried) {
                if posts.contains(where: { $0.place.checkpoint != nil }) { return true }
                if config.systems.isEmpty, let trouble = posts[0].trouble { throw trouble }
            }
            let until = MonotonicClock.milliseconds() + 20
            if Signals.takeStop(beforeMonotonicMilliseconds: until) { return false }
        }
    }
}
