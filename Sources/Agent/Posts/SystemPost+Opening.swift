import Domain
import Platform
import Wire

extension SystemPost {
    /// Takes over what an earlier run left, tells the downtime, and recalls today's counts.
    func openCheckpoint(_ rules: GateRules, _ outbox: Outbox) throws
        -> (Checkpoint, @Sendable (Int64) -> Void)
    {
        let now = clock.now()
        let last = try outbox.lastTaken()
        let folder = "\(config.state)/ledger"
        let (ledger, left, unreadable) = try Ledger.open(
            folder: folder, after: last.ledger,
            from: last.ledger == 0 ? identity.enrolledAt : last.to, now: now,
            bytes: surroundings.ledgerBytes)
        let ids = try requestIDs(left)
        // The copied places in logs are synced before the ledgers go that held them (as in `Courier.takeSealed`).
        if ledger.current.hasCursors { try ledger.toSync.sync() }
        var end = last.ledger == 0 ? identity.enrolledAt : last.to
        for sealed in left {
            var interval = Interval(
                from: sealed.file.from, to: sealed.file.to, rows: sealed.file.rows())
            interval.downtime = downtime(from: end, to: interval.from, isKnown: unreadable == 0)
            interval.dropped = sealed.file.losses
            if sealed.torn > 0 {
                interval.dropped["torn"] = Int64(sealed.torn)
                Log.error(
                    "a ledger was torn by a power loss; its whole records are counted, the rest is reported",
                    ["ledger": sealed.file.path])
            }
            end = interval.to
            try outbox.take(interval, ledger: sealed.number, remembered: rules.remembered)
            Files.remove(sealed.file.path)
        }
        var gate = Gate(rules: rules, trustsSources: config.trustsSources)
        // Yesterday's counts are recalled too, since the clock may be about to be set back over 07:00. The day goes
        // by the time that is certain, since the other may be a day ahead.
        let day = rules.policy.calendar.day(at: min(now, clock.sureNow))
        let since = min(
            rules.policy.calendar.bounds(ofDay: day.previous).lowerBound,
            try outbox.firstHourKept() ?? now)
        try outbox.forEachUsed(from: since) {
            gate.recall($0.login, $0.service, hour: $0.hour, allowed: $0.allowed)
        }
        for told in try outbox.told() { gate.recall(told: told.id, k: told.k) }
        let checkpoint = Checkpoint(
            gate: gate, ledger: ledger, wake: WakeEvent(), ids: ids,
            keepsIDs: config.gateway?.onAgentDown == .pass)
        _ = checkpoint.adoptBypass(Bypass.load(config.state, at: now))
        checkpoint.declareDowntime(
            downtime(from: end, to: ledger.current.from, isKnown: unreadable == 0))
        return (checkpoint, { Files.remove("\(folder)/\($0)") })
    }

    /// Opens the ids of the last queries, where the gateway lets unanswered queries pass, or did so before; else nil.
    private func requestIDs(_ left: [Ledger.Sealed]) throws -> RequestIDs? {
        let path = "\(config.state)/request-ids"
        guard config.gateway?.onAgentDown == .pass || Files.exists(path) else { return nil }
        let ids = try RequestIDs.open(path)
        ids.settleLast { number, place in
            left.first { $0.number == number }?.file.count(at: place)
        }
        return ids
    }

    /// `isKnown` is false when a ledger of the time in between cannot be read.
    private func downtime(from: Timestamp, to: Timestamp, isKnown: Bool) -> Summary.Downtime? {
        guard from < to else { return nil }
        let isRefused = isKnown && config.gateway?.onAgentDown == .refuse
        return Summary.Downtime(from: from, to: to, outcome: isRefused ? .refused : .unknown)
    }
}
