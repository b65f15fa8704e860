import Domain

/// Counting what logs tell after the fact: queries of followed logs, and those that the gateway let through while
/// no agent answered. A line's count and the place behind it are kept in one step.
extension Checkpoint {
    /// A line of a log, as the ledger keeps its place: the log's name and the cursor behind the line.
    struct Place {
        let log: UInt64
        let cursor: LedgerFile.Cursor
    }

    /// Where a log was last counted up to; nil: never.
    func cursor(of log: UInt64) -> LedgerFile.Cursor? {
        state.withLock { $0.ledger.current.cursor(of: log) }
    }

    /// Moves on without a count: lines that name no query.
    func skip(to place: Place) -> Bool {
        state.withLock { $0.ledger.current.keep(place.cursor, of: place.log) }
    }

    /// A query that was answered already: nothing can be refused any more, so it counts as allowed, and what
    /// rules or locks would have refused is noted. False: it could not be counted; ask again later.
    func countFollowed(_ query: Query, at place: Place) -> Bool {
        let (isCounted, isDue) = state.withLock { state in
            var query = query
            let decision = state.gate.decideAfterwards(query)
            if decision.account == nil || decision.service == nil {
                state.foldUnknown(&query, decision, .allowed)
            }
            let counters: [LedgerFile.Counter] = [.allowed] + decision.noted.map { .would($0) }
            guard let records = state.records(of: &query, decision.window, counters) else {
                return (false, true)
            }
            // Notes come first: a crash in between may note twice, but counts once.
            for record in records.dropFirst() { state.ledger.current.bump(record) }
            guard
                state.ledger.current.keep(place.cursor, of: place.log, counting: records[0])
            else { return (false, false) }
            state.totals.allowed += 1
            for noted in decision.noted { state.totals.would[noted, default: 0] += 1 }
            return (true, state.isToBeCut(after: decision))
        }
        if isDue { wake.signal() }
        return isCounted
    }

    /// A query that passed while no agent answered, under account `?` (design 01, "Counting"). One that was
    /// counted as allowed before the agent went down is known by its id and skipped.
    func countPassed(_ id: RequestID?, at time: Timestamp, _ place: Place) -> Bool {
        state.withLock { state in
            if let id, state.ids?.fate(of: id) == .allowed {
                return state.ledger.current.keep(place.cursor, of: place.log)
            }
            var query = Query(login: .unknown, service: .unknown, source: "", at: time)
            let window = state.gate.rules.policy.calendar.window(at: time).kind
            guard let record = state.records(of: &query, window, [.passed])?.first,
                state.ledger.current.keep(place.cursor, of: place.log, counting: record)
            else { return false }
            if let id { state.ids?.notePassed(id) }
            state.totals.passed += 1
            return true
        }
    }
}
