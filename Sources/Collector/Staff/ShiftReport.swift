import CollectorBackups
import CollectorEvidence
import CollectorLocks
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// `shift report`: what the next duty officer must know of the shift that ends.
struct ShiftReport {
    package let period: Range<Timestamp>
    package let now: Timestamp
    /// Totals by window, in whole hours; the hour in which the shift began is included.
    package let usage: AdminAnswer
    package let coverage: Coverage.Result
    package let alertEvents: [(rule: String, event: String, count: Int64)]
    package let open: [(rule: String, count: Int64)]
    package let locks: Locks
    package let agents: Agents
    package let undelivered: [Records.Undelivered]
    /// Why channels are in trouble, by channel.
    package let problems: [String: String]
    package let dropped: Int64
    package let integrity: [Records.IntegrityFinding]

    package struct Locks {
        package let issued: [LockRecord]
        package let proposed: [LockRecord]
        package let released: [LockRecord]
        package let expired: [LockRecord]
        package let rejected: [LockRecord]
        /// Proposals that are still waiting, however old.
        package let waiting: [LockRecord]

        package init(_ changed: [LockRecord], in period: Range<Timestamp>) {
            func ended(_ state: LockState) -> [LockRecord] {
                changed.filter { $0.state == state && $0.endedAt.map(period.contains) ?? false }
            }
            func wasProposed(_ lock: LockRecord) -> Bool {
                lock.approvedAt != nil || lock.state == .proposed || lock.state == .rejected
            }
            issued = changed.filter { lock in
                let since = wasProposed(lock) ? lock.approvedAt : lock.issuedAt
                return since.map(period.contains) ?? false
            }
            proposed = changed.filter { wasProposed($0) && period.contains($0.issuedAt) }
            released = ended(.released)
            expired = ended(.expired)
            rejected = ended(.rejected)
            waiting = changed.filter { $0.state == .proposed }
        }

        /// How many queries these locks have refused since they were issued.
        var refusedTotal: Int64 {
            var seen: Set<String> = []
            return (issued + released + expired).filter { seen.insert($0.id).inserted }
                .map(\.refused).saturatingSum
        }
    }

    package struct Agents {
        /// Agents that have been silent for longer than two of their intervals, as of now.
        package let silent: [(agent: AgentID, since: Timestamp?)]
        /// Agents that have not said that they hold an active lock, as of now.
        package let stale: [(agent: AgentID, lock: String)]
        package let withoutAgent: [String]

        package init(
            silent: [(agent: AgentID, since: Timestamp?)], stale: [(agent: AgentID, lock: String)],
            withoutAgent: [String]
        ) {
            self.silent = silent
            self.stale = stale
            self.withoutAgent = withoutAgent
        }
    }

    init(_ period: Range<Timestamp>, _ records: Records, _ desk: Desk, now: Timestamp)
        throws
    {
        self.period = period
        self.now = now
        var question = UsageQuestion()
        question.from = period.lowerBound.hourStart
        question.to = period.upperBound
        usage = try UsageReport(
            records: records, config: desk.config, question: question, by: ["window"], top: nil,
            // Only its rows are used, not its sentence.
            now: now, language: .en
        ).run()
        question.from = period.lowerBound
        // If the shift lasts until now, an agent that is within its interval is not late.
        if period.upperBound >= now { question.to = nil }
        coverage = try Coverage(
            records: records, config: desk.config, question: question, now: now
        ).run()
        alertEvents = try records.alertEvents(in: period)
        open = try records.openAlerts()
        locks = Locks(try records.locksChanged(in: period), in: period)
        agents = try Self.agents(records, desk, coverage, now)
        undelivered = try records.undelivered()
        problems = Dictionary(
            undelivered.compactMap { entry in
                desk.notifications.problem(of: entry.channel).map { (entry.channel, $0) }
            }, uniquingKeysWith: { $1 })
        dropped = try records.droppedTotal()
        integrity = try records.integrityFindings(in: period)
    }

    private static func agents(
        _ records: Records, _ desk: Desk, _ coverage: Coverage.Result,
        _ now: Timestamp
    ) throws -> Agents {
        let silent = try records.agents().filter { agent in
            let patience = agent.everyMilliseconds.multiplied(by: 2)
                .adding(desk.config.coverageGraceMilliseconds)
            let heard = agent.lastSeen ?? agent.enrolledAt
            return !agent.isRevoked && heard.advanced(byMilliseconds: patience) < now
        }
        let acknowledgement = Acknowledgement(
            records: records, delivery: desk.delivery, book: desk.locks.book(records, at: .now))
        let stale = try records.locks(state: .active).flatMap { lock in
            try acknowledgement.agents(lock).stale.map { (agent: $0, lock: lock.id) }
        }
        return Agents(
            silent: silent.map { ($0.id, $0.lastSeen) }, stale: stale,
            withoutAgent: coverage.withoutAgent)
    }

    package func counts(_ event: String) -> [(rule: String, count: Int64)] {
        alertEvents.filter { $0.event == event }.map { ($0.rule, $0.count) }
    }
}

extension StaffCommands {
    private static let shiftMilliseconds: Int64 = 12 * Timestamp.millisecondsPerHour

    func shiftReport(_ request: AdminRequest) throws -> AdminAnswer {
        let now = Timestamp.now
        let to = try time(request, "to") ?? now
        let from =
            try time(request, "from") ?? to.advanced(byMilliseconds: -Self.shiftMilliseconds)
        guard from < to else {
            throw CommandFailure(
                .usage, "shift report: --from \(from) must be before --to \(to)",
                vi: "shift report: --from \(from) phải trước --to \(to)")
        }
        guard from < now else {
            throw CommandFailure(
                .usage, "shift report: --from \(from) is not past yet",
                vi: "shift report: --from \(from) chưa đến")
        }
        let report = try desk.store.read {
            try ShiftReport(from..<to, $0, desk, now: now)
        }
        var answer = AdminAnswer()
        answer.json = report.json
        answer.text = report.text(request.language)
        return answer
    }
}
