import Domain
import Platform
import Wire

/// What `/healthz` tells of one system: no name of an account. `chot-agent status` tells more (`AgentReport`).
struct AgentStatus: Codable {
    let status: String
    let agent: AgentID
    let mode: String
    let collector: String
    let held: Summary.Held
    let allowed: Int64
    let denied: [String: Int64]
    let wouldRefuse: [String: Int64]
    let waitingIntervals: Int64
    let waitingSummaries: Int64
    /// Nil where none is kept.
    let queryLog: QueryLogStatus?

    enum CodingKeys: String, CodingKey {
        case status, agent, mode, collector, held, allowed, denied
        case wouldRefuse = "would_refuse"
        case waitingIntervals = "waiting_intervals"
        case waitingSummaries = "waiting_summaries"
        case queryLog = "query_log"
    }

    init(
        _ identity: Identity, _ checkpoint: Checkpoint, _ outbox: Outbox, _ orders: Orders,
        _ contact: Contact, _ queryLog: QueryLogStatus?
    ) {
        self.queryLog = queryLog
        let backlog = try? outbox.backlog()
        let totals = checkpoint.totals
        status = backlog == nil ? "storage trouble" : "ok"
        agent = identity.agent
        mode = checkpoint.policyMode.rawValue
        collector = contact.isConnected ? "connected" : "away"
        held = orders.held
        allowed = totals.allowed
        denied = Dictionary(uniqueKeysWithValues: totals.denied.map { ($0.key.wireName, $0.value) })
        wouldRefuse = Dictionary(
            uniqueKeysWithValues: totals.would.map { ($0.key.wireName, $0.value) })
        waitingIntervals = backlog?.intervals ?? -1
        waitingSummaries = backlog?.summaries ?? -1
    }

    /// Of a system whose orders are not held, or whose state cannot be opened.
    private init(closed post: SystemPost) {
        self.init(
            closed: post.identity.agent, post.trouble == nil ? "no orders" : "storage trouble")
    }

    /// Of a system whose identity or key is damaged.
    init(damaged system: SystemCode) {
        self.init(closed: AgentID(system: system, number: 0), "damaged")
    }

    private init(closed agent: AgentID, _ status: String) {
        self.status = status
        self.agent = agent
        mode = "closed"
        collector = "away"
        held = Summary.Held()
        allowed = 0
        denied = [:]
        wouldRefuse = [:]
        waitingIntervals = -1
        waitingSummaries = -1
        queryLog = nil
    }

    init(_ post: SystemPost) {
        guard let opened = post.opened else {
            self.init(closed: post)
            return
        }
        self.init(
            post.identity, opened.checkpoint, opened.outbox, opened.orders, post.contact,
            opened.queryLog?.status)
    }

    /// Of an agent of several systems: a status for all, and each one's.
    struct Several: Codable {
        let status: String
        let systems: [AgentStatus]
    }

    static func json(of posts: [SystemPost], isSeveral: Bool, damaged: [SystemCode]) -> [UInt8] {
        let all = posts.map { AgentStatus($0) } + damaged.map { AgentStatus(damaged: $0) }
        guard isSeveral else { return (try? encodeJSON(all[0])) ?? [] }
        let trouble = all.map(\.status).first { $0 != "ok" }
        return (try? encodeJSON(Several(status: trouble ?? "ok", systems: all))) ?? []
    }
}

enum AgentMetrics {
    static func make() -> Metrics {
        let metrics = Metrics()
        metrics.declare(
            "chot_agent_malformed_total", "Queries refused because they could not be read.")
        metrics.declare(
            "chot_agent_malformed_subjects_total",
            "Queries whose SoDinhDanh is not 12 digits or whose SoCMND is not 9.")
        metrics.declare(
            "chot_agent_unread_addresses_total",
            "Queries whose X-Real-IP is no address: no limit or lock by address holds them.")
        metrics.declare(
            "chot_agent_unmatched_total", "Queries refused because they belong to no system.")
        metrics.declare("chot_agent_pushes_total", "Pushes to the collector, by outcome.")
        metrics.declare(
            "chot_agent_lockset_refused_total", "Lock sets and policies refused, by reason.")
        metrics.declare(
            "chot_agent_storage_errors_total", "Failed writes to the disk; each is tried again.")
        metrics.declare(
            "chot_agent_summaries_refused_total",
            "Summaries that the collector refused for good, since start.")
        metrics.declare(
            "chot_agent_refused_summary_queries_total",
            "Queries counted in refused summaries, since start: missing at the collector.")
        metrics.declare(
            "chot_agent_outbox_dropped_total",
            "Dropped because the outbox was full or too old, since start; kept: acknowledged before; refused: refused before."
        )
        return metrics
    }

    /// So that a system's counters stand from the start, at zero.
    static func begin(_ metrics: Metrics) {
        metrics.add("chot_agent_storage_errors_total", "", 0)
    }

    static func connect(_ metrics: Metrics, _ clock: TrustedClock) {
        metrics.gauge(
            "chot_agent_clock_error_seconds",
            "The machine's clock less the time used instead; 0 while it is used itself."
        ) { clock.errorMilliseconds / 1000 }
        metrics.gauge(
            "chot_agent_clock_proven", "1 when the collector's time agrees with the machine's."
        ) { clock.trust == .proven ? 1 : 0 }
    }

    static func connect(_ metrics: Metrics, _ troubles: CentreTroubles) {
        metrics.gauge(
            "chot_agent_centre_troubles",
            "Of locks, registration, keys, pushes and epoch: what is offered and cannot be taken, or sent and not counted."
        ) { Int64(troubles.all.count) }
    }

    static func connect(_ metrics: Metrics, _ logs: FollowedLogs) {
        metrics.gauge("chot_agent_log_lines", "Lines of followed logs counted since start.") {
            logs.status.map(\.lines).reduce(0, +)
        }
        metrics.gauge(
            "chot_agent_log_lines_unforwarded",
            "Lines of followed logs that the proxy answered itself, since start; not counted."
        ) { logs.status.map(\.unforwarded).reduce(0, +) }
        metrics.gauge("chot_agent_log_lines_bad", "Lines that could not be read, since start.") {
            logs.status.map(\.bad).reduce(0, +)
        }
        metrics.gauge("chot_agent_log_gaps", "Times that lines were found missing, since start.") {
            logs.status.map(\.gapsTotal).reduce(0, +)
        }
        metrics.gauge("chot_agent_log_behind_bytes", "Bytes of followed logs not read yet.") {
            logs.status.map(\.behind).reduce(0, +)
        }
    }

    static func connect(
        _ metrics: Metrics, _ checkpoint: Checkpoint, _ outbox: Outbox, _ contact: Contact
    ) {
        metrics.gauge("chot_agent_queries_allowed", "Queries authorised since start.") {
            checkpoint.totals.allowed
        }
        metrics.gauge(
            "chot_agent_queries_passed", "Let through while no agent answered, since start."
        ) { checkpoint.totals.passed }
        metrics.gauge("chot_agent_queries_denied", "Queries refused since start.") {
            checkpoint.totals.denied.values.reduce(0, +)
        }
        metrics.gauge("chot_agent_rows_folded", "Queries counted under *other since start.") {
            checkpoint.totals.folded
        }
        metrics.gauge("chot_agent_outbox_intervals", "Intervals waiting to be signed.") {
            (try? outbox.backlog().intervals) ?? -1
        }
        metrics.gauge(
            "chot_agent_outbox_unreadable", "Entries of the outbox that could not be read, ever."
        ) { (try? outbox.unreadable().total) ?? -1 }
        metrics.gauge("chot_agent_outbox_summaries", "Signed summaries waiting for an answer.") {
            (try? outbox.backlog().summaries) ?? -1
        }
        metrics.gauge("chot_agent_outbox_bytes", "Bytes that wait for the collector.") {
            (try? outbox.backlog().bytes) ?? -1
        }
        metrics.gauge("chot_agent_outbox_kept_bytes", "Bytes of acknowledged summaries kept.") {
            (try? outbox.backlog().keptBytes) ?? -1
        }
        metrics.gauge("chot_agent_collector_silent_seconds", "Since the collector's last answer.") {
            contact.silentMilliseconds / 1000
        }
        metrics.gauge("chot_agent_collector_up", "1 when the collector answered lately.") {
            contact.isConnected ? 1 : 0
        }
    }
}
