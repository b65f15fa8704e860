import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Judges what a summary says of locks, windows and lock sets.
extension Counting {
    /// Counts refusals only towards locks that concern the sender's system, and within the lock's time. An unknown lock
    /// says nothing, since it may be from before a restore. The summary counts in any case.
    package func noteRefusals(_ summary: Summary, _ agent: AgentRecord) throws {
        var foreign: [String] = []
        for refusal in summary.refusals {
            guard let lock = try records.lock(refusal.lock) else { continue }
            let start = lock.approvedAt ?? lock.issuedAt
            let hasBegun =
                summary.to.advanced(byMilliseconds: Limits.hoursToleranceMilliseconds) >= start
            guard try concerns(lock.scope), hasBegun else {
                foreign.append(lock.id)
                continue
            }
            let first = max(start, min(refusal.first, summary.to))
            try records.noteRefusals(
                LockRefusals(lock: lock.id, first: first, count: refusal.count))
        }
        guard !foreign.isEmpty else { return }
        intake.metrics.countRefusal("foreign lock")
        try integrity.found(
            "foreign", .alertI1Foreign, agent,
            [
                "count": .same(foreign.count),
                "lock_id": .same(foreign.prefix(5).joined(separator: ", ")),
            ], number: summary.number)
    }

    private func concerns(_ scope: Scope) throws -> Bool {
        switch scope {
        case .unit(let unit): unit == system.unit
        case .ipEverywhere: true
        case .person(let id):
            try records.accounts(ofPerson: id).contains { $0.system == system.code }
        default: scope.system == system.code
        }
    }

    /// Alerts if the agent claims a set that was never signed here. Versions of another generation may be from before a
    /// restore.
    func judgeHeld(_ summary: Summary, _ agent: AgentRecord) throws {
        guard let unsigned = intake.delivery.neverSigned(system.code, summary.held) else { return }
        try integrity.found(
            "held", .alertI1Held, agent, ["held": .same(unsigned.version)], number: summary.number)
    }

    /// Alerts if queries passed under a lock that the agent had said it holds.
    func judgeLocks(_ summary: Summary, _ sender: SenderAccount, _ agent: AgentRecord) throws {
        let present = intake.delivery.signed(system.code)
        for (audience, set, told, former) in [
            (Audience.nation, present.nation, summary.held.nation, sender.nation),
            (.system(system.code), present.system, summary.held.system, sender.system),
        ] {
            guard let told, let former, former.version <= told.version,
                summary.from >= former.since,
                let locks = intake.heldLocks.locks(set, audience)
            else { continue }
            for (lock, count) in locks.passed(
                summary, of: system.code, locksMax: Self.allowedMax)
            {
                guard let kept = try records.lock(lock.id), kept.state == .active,
                    let first = kept.setVersion, first <= former.version
                else { continue }
                try integrity.found(
                    "allowed", .alertI1Allowed, agent,
                    [
                        "lock_id": .same(lock.id), "scope": .same(shown(lock.scope.description)),
                        "count": .same(count), "from": moment(summary.from),
                        "to": moment(summary.to),
                    ], number: summary.number, apart: " \(lock.id)")
            }
        }
    }

    /// One summary tells of at most so many locks under which queries passed; a day has room for `Integrity.apartMax`.
    private static let allowedMax = 64

    /// Alerts if the agent's own policy contradicts the window of a row; the row still counts as it says. Only the
    /// present policy's calendar is known, so only its hours are judged.
    func judgeWindows(_ summary: Summary, _ agent: AgentRecord) throws {
        guard let held = summary.held.policy,
            intake.delivery.policy(system.code)?.version == held
        else { return }
        let wrong = summary.rows.filter { terms.calendar.window(at: $0.hour).kind != $0.window }
        guard !wrong.isEmpty, let issued = try records.policyIssued(system.code, held) else {
            return
        }
        let sure = wrong.filter { $0.hour >= issued.hourStart }
        guard let first = sure.first else { return }
        try integrity.found(
            "window", .alertI1Window, agent,
            ["count": .same(sure.count), "from": moment(first.hour)], number: summary.number)
    }

    /// Merges rows of a summary that have the same key.
    func withEqualRowsSummed(_ summary: Summary) -> Summary {
        struct Key: Hashable {
            let login: Login, service: ServiceName, hour: Timestamp, window: WindowKind
        }
        var places: [Key: Int] = [:]
        places.reserveCapacity(summary.rows.count)
        var rows: [SummaryRow] = []
        for row in summary.rows {
            let key = Key(
                login: row.login, service: row.service, hour: row.hour, window: row.window)
            if let place = places[key] {
                rows[place].add(row)
            } else {
                places[key] = rows.count
                rows.append(row)
            }
        }
        guard rows.count < summary.rows.count else { return summary }
        var summed = summary
        summed.rows = rows
        return summed
    }
}
