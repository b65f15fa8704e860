import Domain
import Platform
import Wire

/// Counts what logs tell after the fact: queries of followed logs, and those that the gateway let through while no
/// agent answered. A line's count and the place behind it are kept in one step.
extension Checkpoint {
    /// The place of a line as the ledger keeps it: the log's name and the cursor behind the line.
    struct Place {
        let log: UInt64
        let cursor: LedgerFile.Cursor
    }

    /// A line dated further from now than this is counted, but no volume judges it: its day is over, or the clock of
    /// whoever wrote it is wrong, and today's counts are not given up for it.
    private static let judgedMilliseconds = Timestamp.millisecondsPerDay

    /// The time under which a line is counted. A collector takes no hours after an interval, and none farther back
    /// than a log reaches. Whoever wrote such a time had another clock; the query counts all the same.
    private static func counted(_ time: Timestamp, now: Timestamp) -> Timestamp {
        // The oldest time lies an hour within the reach, since the interval may have begun before now.
        let oldest = now.advanced(
            byMilliseconds: 2 * Timestamp.millisecondsPerDay - Limits.hoursBackMilliseconds)
        // A line may be a little newer than the last sign of life.
        let latest = now.advanced(byMilliseconds: Limits.hoursToleranceMilliseconds / 2)
        return time > latest ? now : max(time, oldest)
    }

    /// The place up to which a log was counted; nil when it never was.
    func cursor(of log: UInt64) -> LedgerFile.Cursor? {
        state.withLock { $0.ledger.current.cursor(of: log) }
    }

    /// Frees the cursors of logs that are followed no more. `logs` are those that are, at most `cursorsMax`.
    func forgetCursors(besides logs: Set<UInt64>) {
        state.withLock { $0.ledger.current.forgetCursors(besides: logs) }
    }

    /// Whether the ledger keeps a place in a log, which a power loss must not take away.
    var hasCursors: Bool { state.withLock { $0.ledger.current.hasCursors } }

    /// Moves past lines that name no query, without a count.
    func skip(to place: Place) -> Bool {
        state.withLock { $0.keep(place) }
    }

    /// Notes lines that are or may be missing. The interval tells of them, so they are noted before anything behind
    /// them is counted. They may include what was written while the agent was down, so a downtime is told as unknown.
    func note(_ loss: LogLoss) {
        state.withLock { state in
            state.ledger.current.note(loss)
            guard loss != .away, let downtime = state.downtime else { return }
            state.downtime = .init(from: downtime.from, to: downtime.to, outcome: .unknown)
        }
    }

    /// Drops the ids that no query in a socket can bear any more.
    func forgetPassed(at monotonic: Int64) {
        state.withLock { $0.ids?.forgetPassed(at: monotonic) }
    }

    /// Counts a query that was answered already. Nothing can refuse it any more, so it counts as allowed, and what
    /// rules or locks would have refused is noted. Returns false, with nothing noted, when it could not be counted;
    /// the caller asks again later. A log can wait, so nothing of it goes into the room kept for a full ledger.
    func countFollowed(_ query: Query, at place: Place) -> Bool {
        let (isCounted, isDue) = state.withLock { state in
            guard state.canKeep(place) else { return (false, true) }
            var query = query
            let now = state.ledger.current.lastEvent
            let age = (now.milliseconds - query.at.milliseconds).magnitude
            query.at = Self.counted(query.at, now: now)
            let decision = state.gate.decideAfterwards(
                query, judgesVolumes: age <= UInt64(Self.judgedMilliseconds))
            if decision.account == nil || decision.service == nil {
                state.foldUnknown(&query, decision, .allowed)
            }
            let counters: [LedgerFile.Counter] = [.allowed] + decision.noted.map { .would($0) }
            guard let records = state.records(of: &query, decision.window, counters) else {
                return (false, true)
            }
            // The notes are written first, so that a crash in between may note twice but counts once.
            for record in records.dropFirst() { state.ledger.current.bump(record) }
            guard state.keep(place, counting: records[0]) else { return (false, false) }
            state.totals.allowed += 1
            for noted in decision.noted { state.totals.would[noted, default: 0] += 1 }
            return (true, state.isToBeCut(after: decision))
        }
        if isDue { wake.signal() }
        return isCounted
    }

    /// Counts a query that passed while no agent answered, under account `?` (docs/domain.md#counting). A query that
    /// was counted as allowed before the agent went down is known by its id and skipped.
    func countPassed(
        _ id: RequestID?, at time: Timestamp, _ place: Place,
        monotonic: Int64 = MonotonicClock.milliseconds()
    ) -> Bool {
        let (isCounted, isDue) = state.withLock { state in
            if let id, state.ids?.fate(of: id) == .allowed { return (state.keep(place), false) }
            guard state.canKeep(place) else { return (false, true) }
            let time = Self.counted(time, now: state.ledger.current.lastEvent)
            var query = Query(login: .unknown, service: .unknown, source: "", at: time)
            let window = state.gate.rules.policy.calendar.window(at: time).kind
            guard let record = state.records(of: &query, window, [.passed])?.first,
                state.keep(place, counting: record)
            else { return (false, true) }
            if let id { state.ids?.notePassed(id, at: monotonic) }
            state.totals.passed += 1
            return (true, state.ledger.current.isHalfFull)
        }
        if isDue { wake.signal() }
        return isCounted
    }
}

extension Checkpoint.State {
    /// Whether there is room for a line's records and for its place; asked before anything is noted of it.
    fileprivate func canKeep(_ place: Checkpoint.Place) -> Bool {
        ledger.current.hasRoom && ledger.current.hasSlot(for: place.log)
    }

    fileprivate mutating func keep(_ place: Checkpoint.Place, counting record: Int? = nil) -> Bool {
        guard ledger.current.keep(place.cursor, of: place.log, counting: record) else {
            return false
        }
        moves += 1
        return true
    }
}
