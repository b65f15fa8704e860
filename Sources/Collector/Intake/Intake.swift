import Domain
import Platform
import Synchronization
import Wire

/// Takes pushed summaries: verified on the server's threads, then counted by one writer that commits many pushes
/// together. A push is answered only when its transaction is durable.
final class Intake: Sendable {
    struct Push: Sendable {
        let agent: AgentID
        var items: [Item]
        let answer: @Sendable (HTTPReply) -> Void
        /// A push that is too long for one transaction is counted in parts, and answered after the last.
        var rest: [Item] = []
        var counted: [PushAnswer.Item] = []

        init(agent: AgentID, items: [Item], answer: @escaping @Sendable (HTTPReply) -> Void) {
            self.agent = agent
            self.items = items
            self.answer = answer
        }
    }

    /// Anything else that an agent asks to have written.
    struct Change: Sendable {
        let body: @Sendable (Records) throws -> HTTPReply
        let answer: @Sendable (HTTPReply) -> Void
    }

    /// One line of a push, with its signature already judged.
    enum Item: Sendable {
        case summary(Summary, jws: String, hash: String)
        case refused(seq: Int64, problem: String)
    }

    /// Owns this; strong, neither would ever end.
    private unowned let server: CollectorServer
    let queue = IntakeQueue()
    private let stopping = Atomic<Bool>(false)

    init(server: CollectorServer) { self.server = server }

    func start() -> RunningThread { RunningThread(name: "intake") { [self] in work() } }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        queue.signal()
    }

    private func work() {
        while true {
            let (pushes, changes) = queue.take()
            if pushes.isEmpty, changes.isEmpty {
                if stopping.load(ordering: .sequentiallyConsistent) { return }
                queue.wait(milliseconds: 500)
                continue
            }
            commit(pushes, changes)
        }
    }

    /// One transaction; each push or change that cannot be stored fails alone. On the caller's thread.
    func commit(_ pushes: [Push], _ changes: [Change] = []) {
        do {
            let (answers, replies, hasNews) = try server.store.write(as: .pushes) { records in
                let before = records.remembered?.signedSets
                let replies = try changes.map { try alone($0, records) }
                let answers = try pushes.map { try countAlone($0, records) }
                return (answers, replies, records.remembered?.signedSets != before)
            }
            server.metrics.add("chot_collector_commits_total")
            // The locks are made whatever becomes of reading them now: that is done again every few seconds.
            if hasNews { server.refreshSets() }
            let counted = zip(pushes, answers).map { push, answer in
                (push: push, answer: answer.map { whole($0, push) })
            }
            let open = counted.filter { !$0.push.rest.isEmpty && $0.answer != nil }
            queue.goOn(open.map { ($0.push, $0.answer?.items ?? []) })
            let over = counted.filter { $0.push.rest.isEmpty || $0.answer == nil }
            queue.done(over.map(\.push))
            for (change, reply) in zip(changes, replies) { change.answer(reply) }
            for (push, answer) in over { push.answer(reply(to: answer)) }
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot store summaries; agents keep them and send again", ["error": error])
            queue.done(pushes)
            let reply = unavailable
            for push in pushes { push.answer(reply) }
            for change in changes { change.answer(reply) }
        }
    }

    /// With what was counted of the push before.
    private func whole(_ answer: PushAnswer, _ push: Push) -> PushAnswer {
        guard !push.counted.isEmpty else { return answer }
        var answer = answer
        answer.items = push.counted + answer.items
        return answer
    }

    private func reply(to answer: PushAnswer?) -> HTTPReply {
        guard let answer else { return .problem(Authenticator.revoked) }
        guard let body = try? encodeJSON(answer) else { return unavailable }
        for item in answer.items {
            server.metrics.add(
                "chot_collector_summaries_total", "status=\"\(item.status.rawValue)\"")
        }
        return .json(body)
    }

    /// Come again later.
    var unavailable: HTTPReply {
        .unavailable(seconds: queue.retryAfter())
    }

    private func alone(_ change: Change, _ records: Records) throws -> HTTPReply {
        do {
            return try records.part { try change.body(records) }
        } catch let error as any StoreFailure where !error.isDiskTrouble {
            server.metrics.add("chot_collector_refused_total", "why=\"storage\"")
            Log.error("a request cannot be stored; its agent tries again", ["error": error])
            return unavailable
        }
    }

    /// A push that cannot be stored fails alone; the others of its batch go on. A full disk fails them all.
    /// Nil: the agent was revoked while its push waited.
    private func countAlone(_ push: Push, _ records: Records) throws -> PushAnswer? {
        do {
            return try records.part { try count(push, records) }
        } catch let error as any StoreFailure where !error.isDiskTrouble {
            server.metrics.add("chot_collector_refused_total", "why=\"storage\"")
            Log.error(
                "a push cannot be stored; its agent keeps it and tries again",
                ["agent": push.agent, "error": error])
            let items = push.items.map { item -> PushAnswer.Item in
                switch item {
                case .refused(let seq, let problem):
                    .init(seq: seq, status: .refused, problem: problem)
                case .summary(let summary, _, _):
                    .init(seq: summary.seq, status: .retry, problem: "storage")
                }
            }
            let agent = try records.agent(push.agent)
            return PushAnswer(
                items: items, epoch: agent?.epoch, last: nil, nextSeq: (agent?.seq ?? 0) + 1,
                others: [],
                lockset: .init(), serverTime: .now)
        }
    }

    private func count(_ push: Push, _ records: Records) throws -> PushAnswer? {
        let now = Timestamp.now
        guard var agent = try records.agent(push.agent), !agent.isRevoked,
            let system = try records.system(agent.system)
        else { return nil }
        let counting = Counting(
            records: records, server: server, system: system,
            terms: try records.terms(system, server.config, at: now), now: now)
        var items: [PushAnswer.Item] = []
        var held = Summary.Held()
        var lastTo: Timestamp?
        var last: Summary?
        var skew: Int64?
        var refused: [String: Int64] = [:]
        var known: [SummaryNumber] = []
        for item in push.items {
            switch item {
            case .refused(let seq, let problem):
                server.countRefusal(problem)
                refused[problem] = seq
                items.append(.init(seq: seq, status: .refused, problem: problem))
            case .summary(let summary, let jws, let hash):
                let taken = try counting.take(summary, jws: jws, hash: hash, &agent)
                if taken.status == .duplicate { known.append(summary.number) }
                items.append(taken)
                held = summary.held
                lastTo = summary.to
                last = summary
                skew = summary.clockOffsetMilliseconds.map { -$0 }
            }
        }
        try counting.tellRefused(refused, agent)
        try counting.tellReplays(known, agent)
        // A backlog tells what its agent held long ago: that is neither news nor a frozen relay.
        let patience = 2 * agent.everyMilliseconds + 60_000
        func isRecent(_ time: Timestamp?) -> Bool {
            time.map { $0.advanced(byMilliseconds: patience) > now } ?? false
        }
        if isRecent(lastTo), isRecent(agent.lastSeen),
            let frozen = server.delivery.frozen(agent.system, held)
        {
            try counting.integrity.found(
                "frozen", .alertI1Frozen, agent,
                [
                    "held": .same(frozen.held?.version.description ?? "-"),
                    "current": .same(frozen.current.version), "since": .same(now.clock),
                ])
        }
        try records.save(agent, seen: now, skew: skew)
        if isRecent(lastTo), let offset = last?.clockOffsetMilliseconds {
            server.clock.hear(offset: offset, of: agent.id)
        }
        if isRecent(lastTo) { server.delivery.note(agent.id, held) }
        var answer = PushAnswer(
            items: items, epoch: agent.epoch, last: try records.lastEvidence(agent),
            nextSeq: agent.seq + 1,
            others: try counting.others(than: agent.id),
            lockset: server.delivery.changes(agent.id, held), serverTime: now)
        answer.returns = try counting.returns(told: last, items.last)
        return answer
    }
}
