import CollectorBackups
import CollectorClock
import CollectorDelivery
import CollectorDetection
import CollectorEvidence
import CollectorLocks
import CollectorRegistry
import CollectorStore
import CollectorValues
import Domain
import Platform
import Synchronization
import Wire

/// Takes pushed summaries: the server's threads verify them, then one writer counts them and commits many pushes
/// together. A push is answered only after its transaction is durable.
package final class Intake: Sendable {
    package struct Push: Sendable {
        package let agent: AgentID
        var items: [Item]
        package let answer: @Sendable (HTTPReply) -> Void
        /// The agent's place for a push; it is left before the answer is sent.
        package let place: PushPlace?
        /// The rest of a push that is too long for one transaction. It is counted in parts and answered after the last
        /// one.
        package var rest: [Item] = []
        package var counted: [PushAnswer.Item] = []

        package init(
            agent: AgentID, items: [Item], place: PushPlace? = nil,
            answer: @escaping @Sendable (HTTPReply) -> Void
        ) {
            self.agent = agent
            self.items = items
            self.place = place
            self.answer = answer
        }
    }

    /// Any other change that an agent asks for.
    package struct Change: Sendable {
        package let body: @Sendable (Records) throws -> HTTPReply
        package let answer: @Sendable (HTTPReply) -> Void
    }

    /// One line of a push, after its signature was checked.
    package enum Item: Sendable {
        /// `content` is `Summary.contentDigest`.
        case summary(Summary, jws: String, hash: String, content: [UInt8])
        case refused(seq: Int64, problem: String)
    }

    package let store: any Store
    package let locks: LockOffice
    package let delivery: Delivery
    package let clock: CentreClock
    package let metrics: Metrics
    let heldLocks = HeldLocks()
    let queue = IntakeQueue()
    let longReads = LongReads()
    private let stuck = StuckPushes()
    /// Whether breaches may wait in the table. True at start, so that the table is looked at.
    private let mayHaveOverdue = Atomic<Bool>(true)
    /// Audiences whose set could not be signed in the transaction that changed it.
    private let unsigned = Mutex<Set<Audience>>([])
    private let stopping = Atomic<Bool>(false)

    package init(
        store: any Store, locks: LockOffice, delivery: Delivery, clock: CentreClock,
        metrics: Metrics
    ) {
        self.store = store
        self.locks = locks
        self.delivery = delivery
        self.clock = clock
        self.metrics = metrics
    }

    package var config: CollectorConfig { locks.config }

    package func start() -> RunningThread { RunningThread(name: "intake") { [self] in work() } }

    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        queue.signal()
    }

    private func work() {
        while true {
            let (pushes, changes) = queue.take()
            if pushes.isEmpty, changes.isEmpty {
                if stopping.load(ordering: .sequentiallyConsistent) { return }
                if !hasOverdue || !commit([]) { queue.wait(milliseconds: 500) }
                continue
            }
            commit(pushes, changes)
        }
    }

    /// What became of a push, or of the part of it that was taken.
    package enum Outcome {
        case counted(PushAnswer)
        /// The agent was revoked while its push waited.
        case revoked
        /// Nothing of it could be stored, nor can its agent be told why. The agent sends it again.
        case failed

        /// Whether the rest of the push is counted. It is not after a summary that is to be sent again, since all
        /// later ones would be gaps.
        var goesOn: Bool {
            guard case .counted(let answer) = self else { return false }
            return answer.items.allSatisfy { $0.status != .retry }
        }
    }

    /// Whether breaches wait for which a transaction had no room (`LocksTogether.actsMax`).
    var hasOverdue: Bool { mayHaveOverdue.load(ordering: .sequentiallyConsistent) }

    /// Judges each breach by itself. One that cannot be judged is left to the next summary that touches its quota.
    private func judge(_ due: [Overdue], _ all: LocksTogether, _ records: Records) throws {
        let now = Timestamp.now
        for one in due {
            do {
                try records.part {
                    guard let system = try records.system(one.key.system) else { return }
                    let together = LocksTogether()
                    (together.sizes, together.acts) = (all.sizes, 0)
                    var book = locks.book(records, at: now)
                    book.together = together
                    try Detection(
                        records: records, book: book, config: config, system: system,
                        policy: try records.terms(system, config, at: now), now: now
                    ).judge(one)
                    together.acts = all.acts.adding(together.acts)
                    all.take(together)
                }
            } catch  where Self.liesInContent(error) {
                metrics.add("chot_collector_storage_errors_total")
                Log.error("cannot judge a breach", ["system": one.key.system, "error": error])
            }
        }
    }

    /// Runs one transaction on the caller's thread. A push or change that cannot be stored fails alone. Returns false
    /// if nothing could be stored.
    @discardableResult
    func commit(_ pushes: [Push], _ changes: [Change] = []) -> Bool {
        var isMore = hasOverdue
        do {
            let (outcomes, replies, hasNews) = try store.write(as: .pushes) { records in
                let before = records.remembered?.signedSets
                let replies = try changes.map { try alone($0, records) }
                let together = LocksTogether()
                if isMore {
                    let waiting = try records.takeOverdue(countMax: LocksTogether.actsMax / 2)
                    try judge(waiting.due, together, records)
                    isMore = waiting.isMore
                }
                let outcomes = try pushes.map { try countAlone($0, together, records) }
                try finish(together, records)
                try records.keep(overdue: together.later.values)
                if !together.later.isEmpty { isMore = true }
                return (outcomes, replies, records.remembered?.signedSets != before)
            }
            mayHaveOverdue.store(isMore, ordering: .sequentiallyConsistent)
            metrics.add("chot_collector_commits_total")
            // The locks are in force even if reading them fails now; it is tried again every few seconds.
            if hasNews { delivery.refresh(from: store, metrics) }
            for (push, outcome) in zip(pushes, outcomes) { note(outcome, of: push.agent) }
            let counted = zip(pushes, outcomes).map { push, outcome in
                (push: push, outcome: whole(outcome, push))
            }
            let open = counted.filter { !$0.push.rest.isEmpty && $0.outcome.goesOn }
            queue.goOn(
                open.map { push, outcome in
                    if case .counted(let answer) = outcome {
                        (push, answer.items)
                    } else {
                        (push, [])
                    }
                })
            let over = counted.filter { $0.push.rest.isEmpty || !$0.outcome.goesOn }
            queue.done(over.map(\.push))
            for (change, reply) in zip(changes, replies) { change.answer(reply) }
            for (push, outcome) in over { push.answer(reply(to: outcome, push)) }
            return true
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot store summaries; agents keep them and send again", ["error": error])
            queue.done(pushes)
            let reply = unavailable
            for push in pushes { push.answer(reply) }
            for change in changes { change.answer(reply) }
            return false
        }
    }

    /// Notes progress: a summary that was newly counted or set aside. Summaries that were known already are none.
    private func note(_ outcome: Outcome, of agent: AgentID) {
        guard case .counted(let answer) = outcome else { return }
        let isStep = answer.items.contains {
            $0.status == .accepted || $0.status == .refused && $0.problem == "storage"
        }
        if isStep { stuck.forget(agent) }
    }

    /// Adds what was counted of the push before.
    private func whole(_ outcome: Outcome, _ push: Push) -> Outcome {
        guard case .counted(var answer) = outcome, !push.counted.isEmpty else { return outcome }
        answer.items = push.counted + answer.items
        return .counted(answer)
    }

    private func reply(to outcome: Outcome, _ push: Push) -> HTTPReply {
        switch outcome {
        case .revoked: return .problem(Authenticator.revoked)
        case .failed: return unavailable
        case .counted(var answer):
            // All that comes after a summary to be sent again must be sent again, too.
            answer.items += Self.again(push.rest)
            guard let body = try? encodeJSON(answer) else { return unavailable }
            for item in answer.items {
                metrics.add(
                    "chot_collector_summaries_total", "status=\"\(item.status.rawValue)\"")
            }
            return .json(body)
        }
    }

    /// Tells the agent to come again later.
    package var unavailable: HTTPReply {
        .unavailable(seconds: queue.retryAfter())
    }

    private func alone(_ change: Change, _ records: Records) throws -> HTTPReply {
        do {
            return try records.part { try change.body(records) }
        } catch  where Self.liesInContent(error) {
            metrics.add("chot_collector_refused_total", "why=\"storage\"")
            Log.error("a request cannot be stored; its agent tries again", ["error": error])
            return unavailable
        }
    }

    /// A push that cannot be stored fails alone, and the others of its batch go on. A full disk fails them all.
    private func countAlone(_ push: Push, _ together: LocksTogether, _ records: Records) throws
        -> Outcome
    {
        do {
            return try records.part { try count(push, together, records) }.map { .counted($0) }
                ?? .revoked
        } catch  where Self.liesInContent(error) {
            return try failing(push, error, together, records)
        }
    }

    private func failing(
        _ push: Push, _ error: any Error, _ together: LocksTogether, _ records: Records
    ) throws -> Outcome {
        do {
            if stuck.note(push.agent) >= StuckPushes.triesMax {
                let answer = try countEach(push, records) { try count($0, together, $1) }
                return answer.map { .counted($0) } ?? .revoked
            }
            metrics.add("chot_collector_refused_total", "why=\"storage\"")
            Log.error(
                "a push cannot be stored; its agent keeps it and tries again",
                ["agent": push.agent, "error": error])
            return .counted(try failed(push, Self.again(push.items), records))
        } catch  where Self.liesInContent(error) {
            // Even the agent's record cannot be read, which affects nobody else.
            Log.error(
                "nor can its agent be told why", ["agent": push.agent, "error": error])
            return .failed
        }
    }

    /// Answers lines that were not counted and must be sent again.
    private static func again(_ items: [Item]) -> [PushAnswer.Item] {
        items.map { item in
            switch item {
            case .refused(let seq, let problem):
                .init(seq: seq, status: .refused, problem: problem)
            case .summary(let summary, _, _, _):
                .init(seq: summary.seq, status: .retry, problem: "storage")
            }
        }
    }

    /// Puts the locks that a transaction's pushes made into their sets, once, at its end. A set that cannot be signed
    /// now is signed with the next transaction.
    private func finish(_ together: LocksTogether, _ records: Records) throws {
        unsigned.withLock { together.audiences.formUnion($0) }
        guard !together.audiences.isEmpty || !together.windows.isEmpty else { return }
        do {
            try records.part { try locks.book(records, at: .now).finish(together) }
            unsigned.withLock { $0 = [] }
        } catch  where Self.liesInContent(error) {
            unsigned.withLock { $0.formUnion(together.audiences) }
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot sign lock sets; it is tried again", ["error": error])
        }
    }

    private func count(_ push: Push, _ all: LocksTogether, _ records: Records) throws
        -> PushAnswer?
    {
        let now = Timestamp.now
        let together = LocksTogether()
        (together.sizes, together.acts) = (all.sizes, all.acts)
        guard var agent = try records.agent(push.agent), !agent.isRevoked,
            let system = try records.system(agent.system)
        else { return nil }
        let counting = Counting(
            records: records, intake: self, system: system,
            terms: try records.terms(system, config, at: now), now: now,
            together: together)
        var sender = try records.sender(agent)
        var items: [PushAnswer.Item] = []
        var held = Summary.Held()
        var lastTo: Timestamp?
        var last: Summary?
        var skew: Int64?
        var refused: [String: Int64] = [:]
        var known: [SummaryNumber] = []
        var wasDown = false
        for item in push.items {
            switch item {
            case .refused(let seq, let problem):
                metrics.countRefusal(problem)
                refused[problem] = seq
                items.append(.init(seq: seq, status: .refused, problem: problem))
            case .summary(let summary, let jws, let hash, let content):
                let taken = try counting.take(
                    summary, jws: jws, hash: hash, content: content, &agent, &sender)
                if let problem = taken.problem, Counting.contentProblems.contains(problem) {
                    metrics.countRefusal(problem)
                    refused[problem] = summary.seq
                }
                if taken.status == .duplicate { known.append(summary.number) }
                items.append(taken)
                held = summary.held
                lastTo = summary.to
                last = summary
                wasDown = wasDown || summary.downtime != nil
                skew = summary.clockOffsetMilliseconds.map { -$0 }
            }
        }
        try counting.tellRefused(refused, agent)
        try counting.tellReplays(known, agent)
        // A backlog says what its agent held long ago, which is neither news nor a sign of a relay that is stuck.
        let patience = agent.everyMilliseconds.multiplied(by: 2).adding(60_000)
        func isRecent(_ time: Timestamp?) -> Bool {
            time.map { $0.advanced(byMilliseconds: patience) > now } ?? false
        }
        if isRecent(lastTo), isRecent(agent.lastSeen),
            let frozen = delivery.frozen(agent.system, held)
        {
            try counting.integrity.found(
                "frozen", .alertI1Frozen, agent,
                [
                    "held": .same(frozen.held?.version.description ?? "-"),
                    "current": .same(frozen.current.version), "since": .same(now.clock),
                ])
        }
        try records.save(agent, seen: now, skew: skew)
        try records.save(
            sender, of: agent.id, token: clock.lastToken(of: agent.id))
        if isRecent(lastTo), let offset = last?.clockOffsetMilliseconds {
            clock.hear(offset: offset, of: agent.id)
        }
        if isRecent(lastTo) { delivery.note(agent.id, held) }
        var answer = PushAnswer(
            items: items, epoch: agent.epoch, last: try records.lastEvidence(agent),
            nextSeq: agent.seq.adding(1),
            others: try counting.others(than: agent.id, again: wasDown || !known.isEmpty),
            lockset: delivery.changes(agent.id, held), serverTime: now)
        all.take(together)
        answer.returns = try counting.returns(told: last, items.last, sender)
        return answer
    }
}
