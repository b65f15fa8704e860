import Domain
import Platform
import Synchronization
import Wire

/// Takes sealed intervals, numbers, signs and pushes them, and keeps the long-poll for locks. It has two threads: one
/// pushes, one waits. For the order of start and stop see `AgentRuntime`.
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
    private let steady = Mutex(SteadyTime())
    private let unsealed = Mutex<[(Interval, Int64)]>([])
    let pace: Pace
    /// New epochs: a few at once, so that a restored side recovers soon, then one every two minutes.
    private let epochs = Mutex(TokenBucket(size: 6, everyMilliseconds: 120_000))
    /// What was told of late, measured against what a collector takes.
    let quota: Mutex<SentQuota>
    /// Nothing is pushed before this time (monotonic milliseconds), since it would only be refused again.
    private let noPushBefore = Atomic<Int64>(0)
    /// The most new epochs, or sendings from an earlier number, in one round.
    private static let beginningsARound = 4

    init(
        config: AgentConfig, identity: Identity, key: Ed25519PrivateKey, checkpoint: Checkpoint,
        outbox: Outbox, orders: Orders, metrics: Metrics, clock: TrustedClock, contact: Contact,
        troubles: StorageTroubles, sketches: SketchSender? = nil,
        transport: (any Transport)? = nil, pace: Pace = .machine,
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
        self.pace = pace
        // A quota that cannot be read begins anew: at worst we tell more than the half that we allow ourselves.
        quota = Mutex((try? outbox.sentQuota()) ?? SentQuota())
        func client() -> CollectorClient {
            CollectorClient(
                config: config, identity: identity, key: key, clock: clock, contact: contact,
                transport: transport)
        }
        pushClient = client()
        waitClient = client()
        wake = checkpoint.wake
    }

    /// Called when somebody set the machine's clock: what was counted before is told apart, and the collector, whose
    /// answer tells the time, is asked at once.
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

    /// Cuts and pushes what is left, within a bounded time, then ends both threads.
    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        waitClient.cancel()
        wake.signal()
        pause.signal()
    }

    /// Called while it stops: what cannot be pushed now is pushed by the next run.
    func hurry() { pushClient.cancel() }

    /// Intervals that were cut and are not in the outbox yet.
    var unsealedCount: Int { unsealed.withLock { $0.count } }

    var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    // MARK: pushing

    private func pushLoop() {
        var schedule = makeSchedule()
        while true {
            wake.wait(milliseconds: schedule.pause(from: pace.monotonic()))
            let isLast = isStopping
            pushRound(&schedule, isLast: isLast)
            if isLast { return }
        }
    }

    func makeSchedule() -> PushSchedule {
        PushSchedule(nextSeal: pace.monotonic() + config.pushEveryMilliseconds)
    }

    /// Cuts, signs, pushes and forgets what is due; waits for nothing but the collector's answers.
    func pushRound(_ schedule: inout PushSchedule, isLast: Bool = false) {
        var isLarge = false
        // The long-poll got through, so the back-off need not be waited out.
        if isHeardAgain.exchange(false, ordering: .relaxed) { schedule.nextPush = 0 }
        let now = clock.now()
        // When the clock stepped back the interval simply continues.
        let crossedHour = checkpoint.intervalStart.hourStart < now.hourStart
        if isLast || checkpoint.hasBreaches || crossedHour || checkpoint.isAhead(of: now)
            || isSealWanted.exchange(false, ordering: .relaxed)
            || pace.monotonic() >= schedule.nextSeal
        {
            isLarge = seal(at: now) > 1000
            schedule.nextSeal = pace.monotonic() + config.pushEveryMilliseconds
        }
        if isLast || schedule.failures == 0 || pace.monotonic() >= schedule.nextPush {
            let delay = deliver()
            schedule.failures = delay == nil ? 0 : schedule.failures + 1
            isPushFailing.store(schedule.failures > 0, ordering: .relaxed)
            if let delay {
                let backoff = Int64(min(60_000, 500 << min(schedule.failures, 7)))
                schedule.nextPush = pace.monotonic() + max(delay, pace.jittered(backoff))
            }
        }
        orders.saveUnsaved()
        if isLarge {
            outbox.database.use { $0.releaseMemory() }
            Memory.giveBack()
            Memory.letGoOfProgramPages()
        }
        if !isLast, pace.monotonic() > schedule.nextPrune {
            schedule.nextPrune = pace.monotonic() + 600_000
            let (sure, monotonic) = (clock.sureNow.milliseconds, pace.monotonic())
            keepBounds(byAge: steady.withLock { $0.isSteady(sure, monotonic: monotonic) })
        }
    }

    /// Cuts the interval and hands it to the outbox; on a full disk everything stays where it is. Returns the number
    /// of its rows.
    private func seal(at time: Timestamp) -> Int {
        takeSealed()
        // Intervals that the outbox cannot take must not pile up, so the present one simply continues.
        guard unsealedCount < Ledger.waitingMax else { return 0 }
        var count = 0
        for cut in checkpoint.takeParked() { _ = keep(cut, at: cut.sealed.file.to) }
        do {
            count = keep(try checkpoint.seal(at: time), at: time)
            troubles.clear(.cut)
        } catch {
            storageTrouble(.cut, error)
        }
        takeSealed()
        return count
    }

    /// Keeps a cut interval. Returns the number of its rows.
    private func keep(_ cut: Checkpoint.Cut, at time: Timestamp) -> Int {
        let file = cut.sealed.file
        var interval = Interval(
            from: file.from, to: file.to, downtime: cut.downtime,
            breaches: cut.breaches, rows: file.rows())
        interval.refusals = cut.refusals
        interval.bypass = cut.bypass
        for (kind, count) in [
            ("folded", cut.folded), (SummaryFit.breaches, cut.breachesLeft),
            ("refusals", cut.refusalsLeft),
        ] where count > 0 {
            interval.dropped[kind] = count
        }
        interval.dropped.merge(file.losses) { $0.adding($1) }
        sketches?.fill(&interval, at: time)
        unsealed.withLock { $0.append((interval, cut.sealed.number)) }
        return interval.rows.count
    }

    private func takeSealed() {
        while let (interval, number) = unsealed.withLock({ $0.first }) {
            do {
                // The places in followed logs must be on the disk before the counts are in the outbox and their
                // ledger goes: a power loss would otherwise count their lines again, or never.
                if checkpoint.hasCursors { try checkpoint.sync() }
                try outbox.take(
                    interval, ledger: number, remembered: checkpoint.rules.remembered)
                _ = unsealed.withLock { $0.removeFirst() }
                discardLedger(number)
                troubles.clear(.take)
            } catch {
                // Its ledger file stays, so a crash loses nothing either.
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

    /// Sends what waits. Returns nil when all went well, else the least pause in milliseconds.
    private func deliver() -> Int64? {
        takeSealed()
        let rest = noPushBefore.load(ordering: .relaxed) - pace.monotonic()
        if rest > 0 { return rest }
        var beginnings = 0
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
                if try push(batch) { beginnings += 1 }
                // A collector that is never satisfied must not be asked without end.
                if beginnings >= Self.beginningsARound { return 0 }
            }
            return nil
        } catch let failure as CollectorClient.Failure {
            metrics.add("chot_agent_pushes_total", "status=\"failed\"")
            Log.warning(
                "the collector did not take the summaries; they are kept and sent again",
                ["agent": identity.agent, "why": failure])
            orders.troubles.note(ofPush: failure)
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
        let former = quota.withLock { $0 }
        do {
            let did = try outbox.sign(at: clock.now()) { [self] interval, position, store in
                defer { unused = [:] }
                try makeParts(of: interval, after: position, refusedSets: unused, store)
            }
            if !unused.isEmpty { orders.giveBackRefused(unused) }
            if did { try outbox.keep(quota.withLock { $0 }) }
            return did
        } catch {
            quota.withLock { $0 = former }
            orders.giveBackRefused(refused)
            throw error
        }
    }

    private func makeParts(
        of interval: Interval, after position: Outbox.Position,
        refusedSets: [String: Int64], _ store: (String, Int64) throws -> Void
    ) throws {
        let (rules, now) = (checkpoint.rules, clock.now())
        let maker = SummaryMaker(
            agent: identity.agent, system: identity.system, key: key,
            everyMilliseconds: config.pushEveryMilliseconds, clockOffset: clock.offset,
            held: orders.held, rules: rules, fit: fit(rules, now), now: now)
        var told = quota.withLock { $0 }
        try maker.make(of: interval, after: position, refusedSets: refusedSets, quota: &told) {
            sketches?.noteSigned($1)
            try store($0, $1.seq)
        }
        quota.withLock { $0 = told }
    }

    /// Pushes a batch. Returns true when all begins again, in a new epoch or from an earlier number.
    private func push(_ batch: [Outbox.Signed]) throws -> Bool {
        let body = [UInt8](batch.map(\.jws).joined(separator: "\n").utf8)
        let answer = try pushClient.post(
            "/v1/summaries", body, type: "application/jose", as: PushAnswer.self)
        pushClient.prove(answer.serverTime)
        var isRefused = false
        var needsEpoch = false
        var mustPause = false
        var settled = 0
        var uncounted: Bool?
        // An item that could not be read carries no number, so the order of the answers tells which item each is for.
        let isInOrder = answer.items.count == batch.count
        for (place, item) in answer.items.enumerated() {
            guard let sent = isInOrder ? batch[place] : batch.first(where: { $0.seq == item.seq })
            else { continue }
            switch item.status {
            case .accepted, .duplicate:
                try outbox.settle(sent.epoch, sent.seq)
                settled += 1
                uncounted = item.isMissing
            case .retry: mustPause = true
            case .resync: break
            case .refused where ["fork", "epoch", "chain"].contains(item.problem): needsEpoch = true
            case .refused where try mayTellAgain(sent, item.problem):
                Log.warning(
                    "the collector refused a summary; what it takes of it is told again",
                    ["agent": identity.agent, "seq": sent.seq, "problem": item.problem ?? "?"])
                isRefused = true
                needsEpoch = true
            case .refused:
                try setAside(sent, item.problem)
                isRefused = true
                needsEpoch = true
            }
        }
        metrics.add("chot_agent_pushes_total", "status=\"\(isRefused ? "refused" : "ok")\"")
        if let told = answer.returns { try outbox.adopt(returns: told) }
        let position = try outbox.position()
        // The collector expects a number of another epoch, so one of the two sides was restored.
        if let epoch = answer.epoch, epoch != position.epoch { needsEpoch = true }
        // A collector restored from backup asks again for what it had acknowledged.
        let isBehind =
            try !needsEpoch
            && answer.nextSeq < outbox.waiting(countMax: 1).first?.seq ?? position.seq + 1
        if isBehind {
            needsEpoch = try !outbox.sendAgain(epoch: position.epoch, from: answer.nextSeq)
        }
        if needsEpoch { try takeNewEpoch(position, held: answer.last) }
        if settled > 0 { orders.troubles.clearPushes() }
        if let uncounted { orders.troubles.note(uncounted: uncounted, at: pace.monotonic()) }
        // A collector that settles nothing must not be asked again at once.
        if settled == 0, !needsEpoch { mustPause = true }
        apply(answer.lockset)
        applyOthers(answer.others)
        if mustPause { throw CollectorClient.Failure.status(503, nil, retryAfter: 1000) }
        return needsEpoch || isBehind
    }

    /// Throws when it is too early for one more epoch: nothing is pushed meanwhile.
    private func checkEpochIsDue() throws {
        let now = pace.monotonic()
        let wait = epochs.withLock { $0.take(at: now) }
        guard wait > 0 else { return }
        noPushBefore.store(now + wait, ordering: .relaxed)
        Log.warning(
            "one new epoch after another: the next one waits",
            ["agent": identity.agent, "ms": wait]
        )
        orders.troubles.note(
            .epoch,
            Localized(vi: "đánh số lại liên tiếp", en: "one new epoch after another"))
        throw CollectorClient.Failure.status(429, nil, retryAfter: wait)
    }

    /// `held` is the last summary that the collector has. Those acknowledged after it are lost there, and are
    /// numbered anew with the rest.
    private func takeNewEpoch(_ position: Outbox.Position, held: SummaryNumber?) throws {
        try checkEpochIsDue()
        let request = EpochRequest(
            epoch: position.epoch, lastSeq: position.seq, lastHash: position.lastHash)
        let answer = try pushClient.post(
            "/v1/epoch", encodeJSON(request), type: "application/json", as: EpochAnswer.self)
        // This is a late answer to an older question, whose numbers were used.
        guard answer.epoch > position.epoch else {
            throw CollectorClient.Failure.malformed("/v1/epoch")
        }
        Log.warning(
            "a new epoch begins; what was not accepted is numbered anew",
            ["agent": identity.agent, "epoch": answer.epoch, "former": position.epoch])
        let cost = try outbox.adopt(epoch: answer.epoch, held: answer.last ?? held)
        quota.withLock { $0.giveBack(cost) }
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
