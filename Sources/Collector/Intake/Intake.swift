import Domain
import Platform
import Synchronization
import Wire

/// Takes pushed summaries: verified on the server's thread, then counted by one writer that commits many pushes
/// together. A push is answered only when its transaction is durable.
final class Intake: Sendable {
    static let queueMax = 2000

    struct Push: Sendable {
        let agent: AgentID
        let items: [Item]
        let pending: HTTPPending
    }

    /// One line of a push, with its signature already judged.
    enum Item: Sendable {
        case summary(Summary, jws: String, hash: String)
        case refused(seq: Int64, problem: String)
    }

    private let server: CollectorServer
    private let queue = Mutex<[Push]>([])
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)

    init(server: CollectorServer) { self.server = server }

    func start() -> RunningThread { RunningThread(name: "intake") { [self] in work() } }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }

    /// Verifies each line of a body.
    static func read(_ body: [UInt8], from agent: AgentRecord) -> [Item] {
        guard let key = agent.jwk?.key else { return [] }
        return body.split(separator: 10).prefix(1024).map { line in
            guard line.count <= Summary.bytesMax else {
                return .refused(seq: 0, problem: "too large")
            }
            let compact = String(decoding: line, as: UTF8.self)
            do {
                let jws = try JWS.parse(line)
                let claimed = (try? decodeJSON(Summary.self, jws.payload))
                do throws(JWS.Problem) {
                    guard jws.kid == agent.kid else { throw .signature }
                    _ = try jws.verified(by: key, typ: Summary.typ)
                } catch {
                    return .refused(seq: claimed?.seq ?? 0, problem: error.rawValue)
                }
                guard let summary = claimed, summary.isPlausible else {
                    return .refused(seq: claimed?.seq ?? 0, problem: "malformed")
                }
                guard summary.agent == agent.id, summary.system == agent.system else {
                    return .refused(seq: summary.seq, problem: "agent")
                }
                return .summary(summary, jws: compact, hash: JWS.digest(compact))
            } catch {
                return .refused(seq: 0, problem: "malformed")
            }
        }
    }

    /// False when the queue is full: the agent keeps its summaries and comes again.
    func submit(_ push: Push) -> Bool {
        let isQueued = queue.withLock { queue in
            guard queue.count < Self.queueMax else { return false }
            queue.append(push)
            return true
        }
        if isQueued { wake.signal() }
        return isQueued
    }

    private func work() {
        while true {
            let batch = queue.withLock { queue in
                defer { queue.removeFirst(min(64, queue.count)) }
                return Array(queue.prefix(64))
            }
            if batch.isEmpty {
                if stopping.load(ordering: .sequentiallyConsistent) { return }
                wake.wait(milliseconds: 500)
                continue
            }
            commit(batch)
        }
    }

    private func commit(_ batch: [Push]) {
        do {
            let (answers, locksBefore) = try server.store.write { records in
                let before = try records.nextLockNumber()
                return (try batch.map { try countAlone($0, records) }, before)
            }
            server.metrics.add("chot_collector_commits_total")
            try server.store.read { records in
                if try records.nextLockNumber() != locksBefore {
                    try server.delivery.refresh(records)
                }
            }
            for (push, answer) in zip(batch, answers) {
                for item in answer.items {
                    server.metrics.add(
                        "chot_collector_summaries_total", "status=\"\(item.status.rawValue)\"")
                }
                push.pending.complete(.json((try? encodeJSON(answer)) ?? []))
            }
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot store summaries; agents keep them and send again", ["error": error])
            for push in batch {
                push.pending.complete(HTTPReply(status: 503, headers: [("Retry-After", "2")]))
            }
        }
    }

    /// A push that cannot be stored fails alone; the others of its batch go on. A full disk fails them all.
    private func countAlone(_ push: Push, _ records: Records) throws -> PushAnswer {
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

    private func count(_ push: Push, _ records: Records) throws -> PushAnswer {
        let now = Timestamp.now
        guard var agent = try records.agent(push.agent),
            let system = try records.system(agent.system)
        else {
            throw CommandFailure(.failed, "agent \(push.agent) is gone")
        }
        let counting = Counting(
            records: records, server: server, system: system,
            terms: try records.terms(system, server.config, at: now), now: now)
        var items: [PushAnswer.Item] = []
        var held = Summary.Held()
        var lastTo: Timestamp?
        var last: Summary?
        var skew: Int64?
        for item in push.items {
            switch item {
            case .refused(let seq, let problem):
                server.metrics.add("chot_collector_refused_total", "why=\"\(problem)\"")
                try counting.integrity.found("chain", .alertI1Chain, agent, seq: seq)
                // What it told of is not counted, so the time until now is not complete.
                if agent.coveredTo < now { try records.addGap(agent.id, agent.coveredTo, now) }
                items.append(.init(seq: seq, status: .refused, problem: problem))
            case .summary(let summary, let jws, let hash):
                items.append(try counting.take(summary, jws: jws, hash: hash, &agent))
                held = summary.held
                lastTo = summary.to
                last = summary
                skew = summary.clockOffsetMilliseconds.map { -$0 }
            }
        }
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
        if isRecent(lastTo) { server.delivery.note(agent.id, held) }
        var answer = PushAnswer(
            items: items, epoch: agent.epoch, last: try records.lastEvidence(agent),
            nextSeq: agent.seq + 1,
            others: try counting.others(than: agent.id),
            lockset: server.delivery.changes(agent.system, held), serverTime: now)
        answer.returns = try counting.returns(told: last, items.last)
        return answer
    }
}
