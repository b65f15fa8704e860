import Domain
import Platform
import Synchronization
import Wire

/// Takes sealed intervals, numbers and signs them, pushes them, and keeps the long-poll for locks. Two
/// threads: one that pushes, one that waits. Start order and stop order: `AgentRuntime`.
final class Courier: Sendable {
    let config: AgentConfig
    let identity: Identity
    private let key: Ed25519PrivateKey
    let checkpoint: Checkpoint
    let outbox: Outbox
    let orders: Orders
    let metrics: Metrics
    let clock: TrustedClock
    let troubles: StorageTroubles
    let contact: Contact
    private let discardLedger: @Sendable (Int64) -> Void
    let sketches: SketchSender?
    private let pushClient: CollectorClient
    let waitClient: CollectorClient
    let wake: WakeEvent
    let pause = WakeEvent()
    private let stopping = Atomic<Bool>(false)
    let isPushFailing = Atomic<Bool>(false)
    let isHeardAgain = Atomic<Bool>(false)
    private let isSealWanted = Atomic<Bool>(false)
    let adopting = Mutex<Void>(())
    private let unsealed = Mutex<[(Interval, Int64)]>([])

    init(
        config: AgentConfig, identity: Identity, key: Ed25519PrivateKey, checkpoint: Checkpoint,
        outbox: Outbox, orders: Orders, metrics: Metrics, clock: TrustedClock, contact: Contact,
        troubles: StorageTroubles, sketches: SketchSender? = nil,
        discardLedger: @escaping @Sendable (Int64) -> Void
    ) {
        self.config = config
        self.identity = identity
        self.key = key
        self.checkpoint = checkpoint
        self.outbox = outbox
        self.orders = orders
        self.metrics = metrics
        self.clock = clock
        self.contact = contact
        self.troubles = troubles
        self.discardLedger = discardLedger
        self.sketches = sketches
        pushClient = CollectorClient(
            config: config, identity: identity, key: key, clock: clock, contact: contact)
        waitClient = CollectorClient(
            config: config, identity: identity, key: key, clock: clock, contact: contact)
        wake = checkpoint.wake
    }

    /// Somebody set the machine's clock: what was counted before is told apart, and the collector, whose
    /// answer says what time it is, is asked at once.
    func clockWasSet() {
        isSealWanted.store(true, ordering: .relaxed)
        wake.signal()
    }

    func start() -> [RunningThread] {
        [
            RunningThread(name: "courier") { [self] in pushLoop() },
            RunningThread(name: "lock-wait") { [self] in waitLoop() },
        ]
    }

    /// Cuts and pushes what is left, bounded in time, then ends both threads.
    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        waitClient.cancel()
        wake.signal()
        pause.signal()
    }

    var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    // MARK: pushing

    private func pushLoop() {
        var nextSeal = MonotonicClock.milliseconds() + config.pushEveryMilliseconds
        var nextPush: Int64 = 0
        var failures = 0
        var nextPrune: Int64 = 0
        while true {
            let now = MonotonicClock.milliseconds()
            let due = min(nextSeal, failures > 0 ? max(nextPush, now) : nextSeal)
            wake.wait(milliseconds: min(max(0, due - now), 1000))
            let last = isStopping
            var isLarge = false
            // The long-poll got through: no need to wait out the back-off.
            if isHeardAgain.exchange(false, ordering: .relaxed) { nextPush = 0 }
            let time = clock.now()
            // Not when the clock stepped back: then the interval simply goes on.
            let crossedHour = checkpoint.intervalStart.hourStart < time.hourStart
            if last || checkpoint.hasBreaches || crossedHour
                || isSealWanted.exchange(false, ordering: .relaxed)
                || MonotonicClock.milliseconds() >= nextSeal
            {
                isLarge = seal(at: time) > 1000
                nextSeal = MonotonicClock.milliseconds() + config.pushEveryMilliseconds
            }
            if last || failures == 0 || MonotonicClock.milliseconds() >= nextPush {
                let delay = deliver()
                failures = delay == nil ? 0 : failures + 1
                isPushFailing.store(failures > 0, ordering: .relaxed)
                if let delay {
                    let backoff = min(60_000, 500 << min(failures, 7))
                    nextPush = MonotonicClock.milliseconds() + max(delay, jittered(Int64(backoff)))
                }
            }
            orders.saveUnsaved()
            if isLarge {
                Memory.giveBack()
                Memory.letGoOfProgramPages()
            }
            if last { return }
            if MonotonicClock.milliseconds() > nextPrune {
                nextPrune = MonotonicClock.milliseconds() + 600_000
                keepBounds(byAge: true)
            }
        }
    }

    func jittered(_ milliseconds: Int64) -> Int64 {
        milliseconds * Int64.random(in: 80...120) / 100
    }

    /// Cuts the interval and hands it to the outbox; on a full disk everything stays where it is. Returns how
    /// many rows it had.
    private func seal(at time: Timestamp) -> Int {
        var count = 0
        do {
            let cut = try checkpoint.seal(at: time)
            let file = cut.sealed.file
            var interval = Interval(
                from: file.from, to: file.to, downtime: cut.downtime,
                breaches: cut.breaches, rows: file.rows())
            count = interval.rows.count
            interval.refusals = cut.refusals
            interval.bypass = cut.bypass
            if cut.folded > 0 { interval.dropped["folded"] = cut.folded }
            sketches?.fill(&interval, at: time)
            unsealed.withLock { $0.append((interval, cut.sealed.number)) }
            troubles.clear(.cut)
        } catch {
            storageTrouble(.cut, error)
        }
        takeSealed()
        return count
    }

    private func takeSealed() {
        while let (interval, number) = unsealed.withLock({ $0.first }) {
            do {
                try outbox.take(interval, ledger: number)
                _ = unsealed.withLock { $0.removeFirst() }
                discardLedger(number)
                troubles.clear(.take)
            } catch {
                // Its ledger file stays, so nothing is lost by a crash either.
                return storageTrouble(.take, error)
            }
            keepBounds(byAge: false)
        }
    }

    func storageTrouble(_ task: StorageTroubles.Task, _ error: any Error) {
        troubles.note(task, error, at: clock.now())
        metrics.add("chot_agent_storage_errors_total")
        Log.error(task.sentence.en, ["agent": identity.agent, "error": error])
    }

    /// Sends what waits. Nil when all went well, else how long to pause at least.
    private func deliver() -> Int64? {
        takeSealed()
        do {
            for _ in 0..<200 {
                var batch = try outbox.waiting()
                if batch.isEmpty {
                    guard try sign() else {
                        troubles.clear(.prepare)
                        sketches?.send(pushClient, from: identity.agent)
                        return nil
                    }
                    batch = try outbox.waiting()
                    if batch.isEmpty { return nil }
                }
                troubles.clear(.prepare)
                try push(batch)
            }
            return nil
        } catch let failure as CollectorClient.Failure {
            metrics.add("chot_agent_pushes_total", "status=\"failed\"")
            Log.warning(
                "the collector did not take the summaries; they are kept and sent again",
                ["agent": identity.agent, "why": failure])
            if case .status(_, _, let retryAfter?) = failure { return retryAfter }
            return 0
        } catch {
            storageTrouble(.prepare, error)
            return 0
        }
    }

    private func sign() throws -> Bool {
        let refused = orders.takeRefused()
        var unused = refused
        do {
            let did = try outbox.sign(at: clock.now()) { [self] interval, position, store in
                defer { unused = [:] }
                try makeParts(of: interval, after: position, refusedSets: unused, store)
            }
            if !unused.isEmpty { orders.giveBackRefused(unused) }
            return did
        } catch {
            orders.giveBackRefused(refused)
            throw error
        }
    }

    /// One summary, or several of consecutive numbers when the rows do not fit one.
    private func makeParts(
        of interval: Interval, after position: Outbox.Position,
        refusedSets: [String: Int64], _ store: (String, Int64) throws -> Void
    ) throws {
        let groups = SummaryPart.packed(interval)
        var previous = position.lastHash
        for (index, group) in groups.enumerated() {
            let isFirst = index == 0
            var summary = Summary(
                agent: identity.agent, system: identity.system, epoch: position.epoch,
                seq: position.seq + Int64(index) + 1, part: .init(n: index + 1, of: groups.count),
                prev: previous, from: interval.from, to: interval.to,
                everyMilliseconds: config.pushEveryMilliseconds,
                clockOffsetMilliseconds: clock.offset.map {
                    min(max($0, Summary.offsets.lowerBound), Summary.offsets.upperBound)
                }, held: orders.held,
                downtime: isFirst ? interval.downtime : nil,
                dropped: isFirst ? interval.dropped : [:],
                refusedSets: isFirst ? refusedSets : [:],
                breaches: group.breaches, rows: group.rows)
            group.put(into: &summary, first: isFirst ? interval : nil)
            let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
            sketches?.noteSigned(summary)
            previous = JWS.digest(jws)
            try store(jws, summary.seq)
        }
    }

    private func push(_ batch: [Outbox.Signed]) throws {
        let body = [UInt8](batch.map(\.jws).joined(separator: "\n").utf8)
        let answer = try pushClient.post(
            "/v1/summaries", body, type: "application/jose", as: PushAnswer.self)
        metrics.add("chot_agent_pushes_total", "status=\"ok\"")
        clock.prove(answer.serverTime)
        var needsEpoch = false
        var mustPause = false
        var settled = 0
        // An item that could not be read carries no number; the answer keeps the order of the push.
        let isInOrder = answer.items.count == batch.count
        for (place, item) in answer.items.enumerated() {
            guard let sent = isInOrder ? batch[place] : batch.first(where: { $0.seq == item.seq })
            else { continue }
            switch item.status {
            case .accepted, .duplicate:
                try outbox.settle(sent.epoch, sent.seq, accepted: true)
                settled += 1
            case .retry: mustPause = true
            case .resync: break
            case .refused where ["fork", "epoch", "chain"].contains(item.problem): needsEpoch = true
            case .refused:
                Log.error(
                    "the collector refused a summary; it is set aside",
                    ["agent": identity.agent, "seq": item.seq, "problem": item.problem ?? "?"])
                try outbox.settle(sent.epoch, sent.seq, accepted: false)
                needsEpoch = true
            }
        }
        let position = try outbox.position()
        if !needsEpoch, let first = try outbox.waiting(countMax: 1).first,
            answer.nextSeq < first.seq
        {
            needsEpoch = try !outbox.sendAgain(epoch: position.epoch, from: answer.nextSeq)
        } else if !needsEpoch, answer.nextSeq <= position.seq,
            try outbox.waiting(countMax: 1).isEmpty
        {
            // A collector restored from backup asks again for what it had acknowledged.
            needsEpoch = try !outbox.sendAgain(epoch: position.epoch, from: answer.nextSeq)
        }
        if needsEpoch { try takeNewEpoch(position) }
        // A collector that settles nothing must not be asked again at once.
        if settled == 0, !needsEpoch { mustPause = true }
        apply(answer.lockset)
        applyOthers(answer.others)
        if mustPause { throw CollectorClient.Failure.status(503, nil, retryAfter: 1000) }
    }

    private func takeNewEpoch(_ position: Outbox.Position) throws {
        let request = EpochRequest(
            epoch: position.epoch, lastSeq: position.seq, lastHash: position.lastHash)
        let answer = try pushClient.post(
            "/v1/epoch", encodeJSON(request), type: "application/json", as: EpochAnswer.self)
        Log.warning(
            "a new epoch begins; what was not accepted is numbered anew",
            ["agent": identity.agent, "epoch": answer.epoch, "former": position.epoch])
        try outbox.adopt(epoch: answer.epoch)
    }

    private func applyOthers(_ others: [PushAnswer.Other]) {
        guard !others.isEmpty else { return }
        var counts: [Quota.ID: Int64] = [:]
        for other in others {
            if other.isPlausible,
                let id = Quota.ID(rule: other.rule, scope: other.scope, key: other.key)
            {
                counts[id] = other.count
            }
        }
        checkpoint.adoptOthers(counts)
    }
}
