import Domain
import Platform
import Wire

/// What `/healthz` tells of one system. It names no account; `chot-agent status` tells more (`AgentReport`).
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
    /// Nil where no query log is kept.
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

    /// The status of a system whose orders are not held, or whose state cannot be opened.
    private init(closed post: SystemPost) {
        self.init(
            closed: post.identity.agent, post.trouble == nil ? "no orders" : "storage trouble")
    }

    /// The status of a system whose identity or key is damaged.
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

    /// The status of an agent of several systems: one for all, and each system's.
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
