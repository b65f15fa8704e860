import CollectorDelivery
import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// I3: an agent is silent for longer than a limit, or a system has no agent. If the rule proposes, it proposes a lock
/// at the NPD's own edge, because an agent that does not run enforces nothing. A known silence is not told again, and
/// an alert resolves itself when the agent speaks. Not thread-safe: used by the upkeep thread.
package struct Silence {
    /// A system may be registered, or be without agents, for so long before that is told.
    static let withoutAgentMilliseconds: Int64 = Timestamp.millisecondsPerDay
    /// The most alerts of one transaction: after a network outage there may be thousands.
    package static let batchMax = 200

    package let store: any Store
    package let locks: LockOffice
    package let metrics: Metrics
    /// When the collector began to listen: while it was away itself, nobody counts as silent.
    package let since: Timestamp

    package init(
        store: any Store, locks: LockOffice, metrics: Metrics, since: Timestamp
    ) {
        self.store = store
        self.locks = locks
        self.metrics = metrics
        self.since = since
    }

    private var setting: RuleSetting { locks.config.setting(.i3) }

    /// How often to look: once a minute, or more often if the rule's time is short.
    package var everyMilliseconds: Int64 { min(max(setting.withinMilliseconds / 4, 1000), 60_000) }

    package func look(at now: Timestamp) {
        guard setting.effect != .off else { return }
        do {
            let news = try store.read { try look($0, now) }
            for start in stride(from: 0, to: news.silent.count, by: Self.batchMax) {
                try store.write(as: .rules) { records in
                    for agent in news.silent[start...].prefix(Self.batchMax) {
                        try tell(agent, records, now)
                    }
                }
            }
            guard !news.over.isEmpty || !news.unserved.isEmpty || news.isMoved else { return }
            for start in stride(from: 0, to: news.over.count, by: Self.batchMax) {
                try store.write(as: .rules) { records in
                    for alert in news.over[start...].prefix(Self.batchMax) {
                        _ = try records.resolveAlert(alert, at: now)
                    }
                }
            }
            try store.write(as: .rules) { try $0.noteUnserved(at: now) }
            for start in stride(from: 0, to: news.unserved.count, by: Self.batchMax) {
                try store.write(as: .rules) { records in
                    for (system, since) in news.unserved[start...].prefix(Self.batchMax) {
                        try tellWithout(system, since: since, records, now)
                    }
                }
            }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot look for silent agents; it is tried again", ["error": error])
        }
    }

    private struct News {
        var silent: [AgentRecord] = []
        /// Alerts whose cause is over.
        var over: [Int64] = []
        var unserved: [(SystemCode, Timestamp)] = []
        /// Systems have lost their agents, or have one again.
        var isMoved = false
    }

    private func look(_ records: Records, _ now: Timestamp) throws -> News {
        let limit = now.advanced(byMilliseconds: -setting.withinMilliseconds)
        let agents = try records.agents()
        var news = News()
        if since < limit { news.silent = try untold(records, agents, limit) }
        news.over = try over(records, agents)
        news.isMoved = try records.unservedChanges() > 0
        let due = now.advanced(byMilliseconds: -Self.withoutAgentMilliseconds)
        news.unserved = try records.unserved(since: due).filter { system, since in
            try !records.hasAlert(
                RuleID.i3.rawValue, "none", scope(system).description, since.date.description)
        }
        return news
    }

    private func lastWord(_ agent: AgentRecord) -> Timestamp { agent.lastSeen ?? agent.enrolledAt }

    private func key(_ agent: AgentRecord) -> String { "\(agent.id) \(lastWord(agent))" }

    private func scope(_ system: SystemCode) -> Scope { .system(system) }

    /// Returns the agents whose silence has not been told yet.
    private func untold(_ records: Records, _ agents: [AgentRecord], _ limit: Timestamp) throws
        -> [AgentRecord]
    {
        try agents.filter { agent in
            guard !agent.isRevoked, lastWord(agent) < limit else { return false }
            return try !records.hasAlert(
                RuleID.i3.rawValue, "silent", scope(agent.system).description, key(agent))
        }
    }

    /// Returns open alerts of agents that have been heard since, or were revoked.
    private func over(_ records: Records, _ agents: [AgentRecord]) throws -> [Int64] {
        let open = try records.openAlerts(RuleID.i3.rawValue)
        guard !open.isEmpty else { return [] }
        let words = Dictionary(
            agents.filter { !$0.isRevoked }.map { (key($0), true) }, uniquingKeysWith: { $1 })
        let served = Set(agents.filter { !$0.isRevoked }.map { "system=\($0.system)" })
        return open.filter { alert in
            alert.kind == "silent" ? words[alert.key] == nil : served.contains(alert.scope)
        }.map(\.id)
    }

    private func tell(_ agent: AgentRecord, _ records: Records, _ now: Timestamp) throws {
        guard let system = try records.system(agent.system) else { return }
        let since = lastWord(agent)
        let words: [String: Localized] = [
            "agent": .same(agent.id), "system_name": .same(system.name),
            "unit_name": .same(system.unitName), "since": moment(since),
            "complete_to": moment(agent.coveredTo),
        ]
        let figures: [String: JSONValue] = [
            "agent": .string(agent.id.rawValue), "since": .string(since.description),
            "complete_to": .string(agent.coveredTo.description),
        ]
        try records.add(
            Finding(
                rule: .i3, kind: "silent", scope: scope(agent.system).description, key: key(agent),
                from: since, at: now, message: MessageKey.alertI3Silent.text(words),
                figures: figures, evidence: []))
        try propose(system, key: key(agent), since: since, records, now)
    }

    private func tellWithout(
        _ code: SystemCode, since: Timestamp, _ records: Records, _ now: Timestamp
    ) throws {
        guard let system = try records.system(code) else { return }
        try records.add(
            Finding(
                rule: .i3, kind: "none", scope: scope(code).description,
                key: since.date.description, from: since, at: now,
                message: MessageKey.alertI3None.text([
                    "system_name": .same(system.name), "unit_name": .same(system.unitName),
                    "since": moment(since),
                ]), figures: ["since": .string(since.description)], evidence: []))
        try propose(system, key: since.date.description, since: since, records, now)
    }

    /// Proposes a lock and never issues one: silence is no sign of wrongdoing.
    private func propose(
        _ system: SystemRecord, key: String, since: Timestamp, _ records: Records, _ now: Timestamp
    ) throws {
        guard setting.effect == .propose || setting.effect == .lock,
            try !records.hasLock(
                reason: RuleID.i3.rawValue, scope: scope(system.code), key: key, k: 1)
        else { return }
        let message = MessageKey.alertI3Propose.text([
            "system_name": .same(system.name), "unit_name": .same(system.unitName),
            "since": moment(since),
        ])
        try locks.book(records, at: now).propose(
            .init(
                scope: scope(system.code), reason: RuleID.i3.rawValue, note: message.vi,
                issuedBy: RuleID.i3.rawValue, key: key, k: 1,
                figures: .object(["since": .string(since.description)]), confidence: 0.5))
    }
}
