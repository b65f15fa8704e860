import Domain
import Platform
import Synchronization

/// The chốt itself: it decides a query and counts it before the answer is given. One short lock guards Gate and
/// Ledger; the only I/O under it is stores to mapped memory.
final class Checkpoint: Sendable {
    static let locksMax = 1000
    /// The most breaches that an interval notes one by one.
    static let breachesMax = 1000

    enum Outcome {
        case allow
        case refuse(Refusal)
        /// The query could not be counted (no room is left on the disk), so it may not pass.
        case cannotCount
    }

    /// An interval that was cut, and what is told with it.
    struct Cut {
        let sealed: Ledger.Sealed
        let breaches: [Breach]
        let refusals: [LockRefusals]
        let bypass: BypassNote?
        let folded: Int64
        /// Breaches that were not noted one by one.
        let breachesLeft: Int64
        /// Refusals by locks that were not noted apart.
        let refusalsLeft: Int64
        let downtime: Summary.Downtime?
    }

    struct Totals {
        var allowed: Int64 = 0
        /// Queries that the gateway let through while no agent answered.
        var passed: Int64 = 0
        var denied: [DenialReason: Int64] = [:]
        var would: [DenialReason: Int64] = [:]
        var folded: Int64 = 0
    }

    struct State {
        var gate: Gate
        let ledger: Ledger
        var breaches: [Breach] = []
        /// Whether there is a breach that must be told at once.
        var isUrgent = false
        /// Refusals by lock, of at most `locksMax` locks in an interval.
        var refusals: [String: LockRefusals] = [:]
        /// A bypass that began and has not been told yet.
        var bypassToTell: BypassNote?
        var unknown = UnknownNames(.rows)
        var breachesLeft: Int64 = 0
        var refusalsLeft: Int64 = 0
        var places = AllowedPlaces()
        /// Kept only with `onAgentDown: "pass"`.
        let ids: RequestIDs?
        var folded: Int64 = 0
        var totals = Totals()
        /// How often a place in a followed log was kept since the start.
        var moves: Int64 = 0
        var downtime: Summary.Downtime?
        /// Intervals that were cut already and not taken yet.
        var parked: [Cut] = []
    }

    let state: Mutex<State>
    /// Whether `judge` wants the request's id.
    let keepsIDs: Bool
    /// Signalled when an interval should be cut at once: for a breach, or for a ledger that fills up.
    let wake: WakeEvent
    let syncNote = SyncNote()

    /// `keepsIDs` is false when queries no longer pass unchecked and `ids` only tells of those that did.
    init(
        gate: Gate, ledger: Ledger, wake: WakeEvent, ids: RequestIDs? = nil, keepsIDs: Bool = true
    ) {
        state = Mutex(State(gate: gate, ledger: ledger, ids: ids))
        self.keepsIDs = keepsIDs && ids != nil
        self.wake = wake
    }

    /// Decides and counts a query. Called for every query. `id` is the gateway's, where queries may pass unchecked.
    func judge(_ query: Query, id: RequestID? = nil) -> Outcome {
        state.withLock { state in
            // The gateway gave this query up and let it through, and it was counted as passed.
            if let id, let ids = state.ids, ids.hasPassed(id) { return .cannotCount }
            if state.isAhead(of: query.at) { park(&state, at: query.at) }
            let decision = state.gate.decide(query)
            if state.countAllowed(query, decision, id) { return .allow }
            guard state.count(query, decision, id) else { return .cannotCount }
            if state.isToBeCut(after: decision) { wake.signal() }
            guard let refusal = decision.refusal else { return .allow }
            return .refuse(refusal)
        }
    }

    /// Counts a query that was refused because it could not be read or belongs to no system. Returns false when it
    /// could not be counted.
    func countMalformed(at now: Timestamp, as reason: DenialReason = .malformed) -> Bool {
        state.withLock { state in
            if state.isAhead(of: now) { park(&state, at: now) }
            var query = Query(login: .unknown, service: .unknown, source: "", at: now)
            let window = state.gate.rules.policy.calendar.window(at: now).kind
            guard let record = state.records(of: &query, window, [.denied(reason)])?.first
            else { return false }
            state.ledger.current.bump(record)
            state.ledger.current.touch(now)
            state.totals.denied[reason, default: 0] += 1
            return true
        }
    }

    /// Ends the current interval; throws when the disk does not allow it. One thread calls it. It waits for the disk
    /// outside the lock, so that no query waits.
    func seal(at now: Timestamp) throws -> Cut {
        // A failure here is met again, and reported, before the next cut.
        defer { try? prepareSpare() }
        try prepareSpare()
        return try state.withLock { try $0.cut(at: now) }
    }

    /// Takes the intervals that were cut between two seals because the time was set back.
    func takeParked() -> [Cut] {
        state.withLock { state in
            defer { state.parked = [] }
            return state.parked
        }
    }

    private func prepareSpare() throws {
        let (ledger, isReady) = state.withLock { ($0.ledger, $0.ledger.hasSpare) }
        guard !isReady else { return }
        let spare = try ledger.makeSpare()
        state.withLock { $0.ledger.take(spare: spare) }
    }

    /// Whether the interval should be cut at once.
    var hasBreaches: Bool {
        state.withLock {
            $0.isUrgent || $0.bypassToTell != nil || $0.ledger.current.isHalfFull
                || !$0.parked.isEmpty
        }
    }
    /// How far the ledgers got. A state with the same mark need not be synced again.
    struct SyncMark: Equatable {
        fileprivate let ledger: Int64
        fileprivate let counted: Int64
        fileprivate let moves: Int64
    }

    var syncMark: SyncMark {
        state.withLock {
            SyncMark(
                ledger: $0.ledger.number,
                counted: $0.totals.allowed + $0.totals.passed
                    + $0.totals.denied.values.reduce(0, +),
                moves: $0.moves)
        }
    }
    var totals: Totals { state.withLock { $0.totals } }

    /// The state at a moment, for `status`. It takes a few references under the lock and computes nothing.
    func snapshot(at now: Timestamp) -> GateSnapshot {
        state.withLock { state in
            GateSnapshot(
                usage: state.gate.usage(at: now), totals: state.totals,
                closedSince: state.gate.closedSince, bypass: state.gate.bypass)
        }
    }
    var rules: GateRules { state.withLock { $0.gate.rules } }
    var policyMode: Policy.Mode { state.withLock { $0.gate.rules.policy.mode } }
    var intervalStart: Timestamp { state.withLock { $0.ledger.current.from } }

    /// Whether the present interval was counted by a clock that was ahead, and the time has come back since.
    func isAhead(of now: Timestamp) -> Bool { state.withLock { $0.isAhead(of: now) } }

    /// Ends the interval after the time was set back: what is counted from here on belongs to another one, since no
    /// collector takes refusals of hours before theirs. It renames a file under the lock, once. Without a spare
    /// ledger the present one goes on, and `SummaryFit` brings its rows within bounds when they are told.
    private func park(_ state: inout State, at now: Timestamp) {
        guard state.ledger.hasSpare, state.parked.count < Ledger.waitingMax,
            let cut = try? state.cut(at: now)
        else { return }
        state.parked.append(cut)
        wake.signal()
    }

    /// Makes what was counted survive a power loss. Waits for the disk, outside the lock.
    func sync() throws(FileError) {
        let unsynced = state.withLock { $0.ledger.toSync }
        try unsynced.sync()
        state.withLock { $0.ledger.note(synced: unsynced) }
    }

    func touch(_ now: Timestamp) { state.withLock { $0.ledger.current.touch(now) } }

    /// Sets the downtime that the first interval of this run tells.
    func declareDowntime(_ downtime: Summary.Downtime?) {
        state.withLock { $0.downtime = downtime }
    }

    /// Hashes an officer (`GateRules.hashed`) outside the lock, since that takes a moment. It remembers the last few
    /// thousand officers until the rules change.
    func hashed(_ officer: String) -> String? {
        if let known = officers.withLock({ $0[ExactText(officer)] }) { return known }
        let rules = rules
        guard let hash = rules.hashed(officer) else { return nil }
        officers.withLock { officers in
            // `adopt` empties the memory after changing the rules; no hash under an old key may come in later.
            guard self.rules.officerKey == rules.officerKey else { return }
            if officers.count >= Self.officersMax { officers = [:] }
            officers[ExactText(officer)] = hash
        }
        return hash
    }

    private let officers = Mutex<[ExactText: String]>([:])
    private static let officersMax = 4096

    /// Takes a bypass or its end. Returns true when a bypass began or ended.
    func adoptBypass(_ bypass: BypassNote?) -> Bool {
        let changed = state.withLock { state in
            guard state.gate.bypass != bypass else { return false }
            state.gate.bypass = bypass
            if let bypass { state.bypassToTell = bypass }
            return true
        }
        if changed { wake.signal() }
        return changed
    }

    /// Refuses everything while set: `since` is the last contact, longer ago than allowed.
    func close(since: Timestamp?) { state.withLock { $0.gate.closedSince = since } }

    /// Sets how much later locks end (`TrustedClock.unsureMilliseconds`).
    func holdLocks(byMilliseconds unsure: Int64) {
        state.withLock { $0.gate.unsureMilliseconds = unsure }
    }

    func adopt(_ rules: GateRules) {
        state.withLock { state in
            state.gate.adopt(rules)
            state.places.reset()
        }
        officers.withLock { $0 = [:] }
    }

    func adoptOthers(_ counts: [Quota.ID: Int64]) {
        state.withLock { $0.gate.adoptOthers(counts) }
    }
}

extension Checkpoint.State {
    /// Ends the present interval and begins the next. Throws, and changes nothing, when the disk is full.
    mutating func cut(at now: Timestamp) throws -> Checkpoint.Cut {
        let sealed = try ledger.seal(at: now)
        places.reset()
        defer {
            breaches = []
            isUrgent = false
            refusals = [:]
            bypassToTell = nil
            (breachesLeft, refusalsLeft) = (0, 0)
            folded = 0
            downtime = nil
        }
        return Checkpoint.Cut(
            sealed: sealed, breaches: breaches,
            refusals: refusals.values.sorted { $0.lock < $1.lock }, bypass: bypassToTell,
            folded: folded, breachesLeft: breachesLeft, refusalsLeft: refusalsLeft,
            downtime: downtime)
    }

    func isAhead(of now: Timestamp) -> Bool {
        ledger.current.to.milliseconds - now.milliseconds > ClockJudge.toleranceMilliseconds
    }

    /// Counts the usual query: it is registered and allowed, nothing was noted, and its record is known. Returns
    /// false for any other, which `count` takes.
    fileprivate mutating func countAllowed(
        _ query: Query, _ decision: Gate.Decision, _ id: RequestID?
    ) -> Bool {
        guard decision.refusal == nil, decision.noted.isEmpty, decision.breaches.isEmpty,
            let account = decision.account, let service = decision.service,
            let place = places.place(account, service, at: query.at)
        else { return false }
        note(id, allowed: true, place)
        ledger.current.bump(place)
        ledger.current.touch(query.at)
        totals.allowed += 1
        return true
    }

    /// Keeps the breaches of a decision. Returns whether the interval must be cut at once.
    mutating func isToBeCut(after decision: Gate.Decision) -> Bool {
        if !decision.breaches.isEmpty {
            if breaches.count < Checkpoint.breachesMax {
                breaches += decision.breaches
            } else {
                breachesLeft += Int64(decision.breaches.count)
            }
            // The breaches of a system that only observes go with the ordinary summary.
            if gate.rules.policy.mode == .enforce {
                isUrgent = true
                return true
            }
        }
        return ledger.current.isHalfFull
    }

    /// Writes a decision into the ledger, and folds rows when there are too many unknown names.
    fileprivate mutating func count(
        _ query: Query, _ decision: Gate.Decision, _ id: RequestID?
    ) -> Bool {
        var query = query
        let first: LedgerFile.Counter = decision.refusal.map { .denied($0.reason) } ?? .allowed
        let counters = [first] + decision.noted.map { .would($0) }
        let isKnown = decision.account != nil && decision.service != nil
        if !isKnown { foldUnknown(&query, decision, first) }
        guard let records = records(of: &query, decision.window, counters) else { return false }
        note(id, allowed: decision.refusal == nil, records[0])
        for record in records { ledger.current.bump(record) }
        ledger.current.touch(query.at)
        // A row into which others were folded is no account's own, so the next query must be folded, and told, too.
        if isKnown, decision.refusal == nil, query.login != .folded,
            let account = decision.account, let service = decision.service
        {
            places.keep(records[0], account, service, at: query.at, gate.rules)
        }
        if let refusal = decision.refusal {
            totals.denied[refusal.reason, default: 0] += 1
            if refusal.reason == .lock { noteRefusal(refusal.code, at: query.at) }
        } else {
            totals.allowed += 1
        }
        for noted in decision.noted { totals.would[noted, default: 0] += 1 }
        return true
    }

    /// The records in which a query is counted; nil when there is no room. A full ledger keeps room for one row into
    /// which all others go; `query` then bears that row's names.
    mutating func records(
        of query: inout Query, _ window: WindowKind, _ counters: [LedgerFile.Counter]
    ) -> [Int]? {
        if let records = ledger.current.places(of: query, window, counters) { return records }
        let isNew = query.login != .folded && query.service != .folded
        var other = query
        other.login = .folded
        other.service = .folded
        guard let records = ledger.current.places(of: other, window, counters) else { return nil }
        query = other
        if isNew {
            folded += 1
            totals.folded += 1
        }
        return records
    }

    private func note(_ id: RequestID?, allowed: Bool, _ place: Int) {
        guard let id, let ids else { return }
        let before = ledger.current.load(place + LedgerFile.countOffset)
        ids.note(id, allowed: allowed, ledger: ledger.number, place: place, before: before)
    }

    private mutating func noteRefusal(_ lock: String, at time: Timestamp) {
        if refusals[lock] == nil {
            guard refusals.count < Checkpoint.locksMax else { return refusalsLeft += 1 }
            refusals[lock] = LockRefusals(lock: lock, first: time, count: 0)
        }
        refusals[lock]?.count += 1
    }

    /// Bounds the rows of unknown names over time; what is beyond the bound goes into `*other`.
    mutating func foldUnknown(
        _ query: inout Query, _ decision: Gate.Decision, _ counter: LedgerFile.Counter
    ) {
        guard !ledger.current.contains(query, window: decision.window, counter: counter) else {
            return
        }
        // The bound goes by the time at which queries are counted, since a log tells of other times.
        let now = ledger.current.lastEvent
        if !unknown.take(query.login, query.service, at: now) { fold(&query, decision) }
    }

    private mutating func fold(_ query: inout Query, _ decision: Gate.Decision) {
        if decision.account == nil { query.login = .folded }
        if decision.service == nil { query.service = .folded }
        folded += 1
        totals.folded += 1
    }
}
