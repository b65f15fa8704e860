import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// R1–R3 over all agents of a system: registered queries of an account a day, of a service in office hours and off
/// hours, and the cap of a system off hours (docs/domain.md#r1 to #r3).
extension Detection {
    /// Counts the rows towards their quotas and judges each quota that they or a breach touch.
    func examineVolumes(_ summary: Summary, _ source: EvidenceReference) throws {
        var counts: [Quota.ID: Int64] = [:]
        counts.reserveCapacity(summary.rows.count)
        for row in summary.rows where row.allowed > 0 {
            for id in Quota.ID.all(row.login, row.service, calendar.window(at: row.hour)) {
                counts[id] = (counts[id] ?? 0).adding(row.allowed)
            }
        }
        try records.addTallies(counts, system.code, agent: summary.agent)
        var reported: [Quota.ID: Int] = [:]
        for breach in summary.breaches where breach.scope.system == system.code {
            if let id = Quota.ID(rule: breach.rule, scope: breach.scope, key: breach.key) {
                reported[id] = max(reported[id] ?? 0, breach.k)
            }
        }
        for id in counts.keys { try judge(id, reported: reported[id] ?? 0, source) }
        for id in refused(summary).union(reported.keys) where counts[id] == nil {
            try judge(id, reported: reported[id] ?? 0, source)
        }
    }

    /// Returns the quotas for which the agent refuses. Each gets a lock in the lock book too, so that it can be
    /// released.
    private func refused(_ summary: Summary) -> Set<Quota.ID> {
        var ids: Set<Quota.ID> = []
        for row in summary.rows where !row.denied.isEmpty {
            let all = Quota.ID.all(row.login, row.service, calendar.window(at: row.hour))
            ids.formUnion(all.filter { row.denied[$0.denial.wireName] != nil })
        }
        return ids
    }

    private func quota(_ id: Quota.ID) throws -> Quota? {
        try RegisteredQuotas(records: records, system: system.code, policy: policy, now: now).quota(
            id)
    }

    private func isNear(_ count: Int64, _ quota: Quota) -> Bool {
        count.multiplied(by: 2) > quota.registered
    }

    /// Returns what agents other than this one counted towards quotas, if that alone passes half of the threshold.
    package func others(_ ids: [Quota.ID], than agent: AgentID) throws -> [(Quota.ID, Int64)] {
        try ids.compactMap { id in
            let count = try records.tally(id, system.code, than: agent)
            guard let quota = try quota(id), isNear(count, quota) else { return nil }
            return (id, count)
        }
    }

    /// Judges a quota for which an earlier transaction had no room.
    package func judge(_ overdue: Overdue) throws {
        try judge(overdue.key.id, reported: overdue.reported, overdue.source)
    }

    private func judge(_ id: Quota.ID, reported: Int, _ source: EvidenceReference) throws {
        guard let quota = try quota(id) else { return }
        let total = try records.tally(id, system.code)
        // Nobody asks for yesterday's any more.
        if id.date == calendar.day(at: now), isNear(total, quota) {
            try records.noteNear(id, system.code)
        }
        guard system.mode == .enforce, quota.registered > 0, quota.effect.alerts else { return }
        // A refused query is not in the total; only the agent's own report tells of it.
        let isTold = total >= quota.threshold.passing(beforeBreach: reported)
        let k = max(quota.threshold.breach(atQuery: total), isTold ? reported : 0)
        guard k >= quota.alertAt else { return }
        if let together = book.together {
            guard together.acts < LocksTogether.actsMax else {
                let overdue = Overdue(
                    key: .init(system: system.code, id: id), reported: reported, source: source)
                together.later[overdue.key] = together.later[overdue.key]?.with(overdue) ?? overdue
                return
            }
            together.acts += 1
        }
        let volume = Volume(quota: quota, total: total, k: k, evidence: [source])
        try tellBreach(volume)
        let lockAt = try book.lockingBreach(quota, system.code)
        // Late summaries never lock a window that is past.
        guard k >= lockAt, id.bounds(calendar).contains(now), quota.effect == .lock, quota.mayLock,
            try !records.hasLock(
                reason: id.rule.rawValue, scope: id.scope(in: system.code), key: id.key, k: lockAt)
        else { return }
        try lock(volume, at: lockAt)
    }

    private func tellBreach(_ volume: Volume) throws {
        let id = volume.quota.id
        let scope = id.scope(in: system.code)
        let isKnown = try records.hasAlert(id.rule.rawValue, "breach", scope.description, id.key)
        // Once the locking level is reached, the alert of the lock tells the rest. The cap has no level below that one.
        guard !id.isCap, volume.k < volume.quota.lockAt || !isKnown else { return }
        let key: MessageKey =
            switch id.rule {
            case .r1: .alertR1Breach
            case .r2: .alertR2Breach
            default: .alertR3Breach
            }
        try records.add(
            Finding(
                rule: id.rule, kind: "breach", scope: scope.description, key: id.key,
                from: id.bounds(calendar).lowerBound, at: now, message: key.text(words(of: volume)),
                figures: volume.figures, evidence: volume.evidence))
    }

    private func lock(_ volume: Volume, at lockAt: Int) throws {
        let id = volume.quota.id
        let scope = id.scope(in: system.code)
        let isRepeated = try book.isRepeatOffender(id.rule, scope)
        let end = isRepeated ? nil : volume.quota.end
        var words = words(of: volume)
        words["lock_breach"] = .same(lockAt)
        words["until"] = until(end)
        let refusal: MessageKey
        let alert: MessageKey
        switch (id.rule, id.isCap) {
        case (.r1, _): (refusal, alert) = (.refuseQuotaAccount, .alertR1Lock)
        case (.r2, _): (refusal, alert) = (.refuseQuotaService, .alertR2Lock)
        case (_, false): (refusal, alert) = (.refuseQuotaOff, .alertR3Lock)
        case (_, true): (refusal, alert) = (.refuseQuotaOffcap, .alertR3Cap)
        }
        let lockWords = words
        var figures = volume.figures
        // For an account it is clear whose queries these were; for others, the day is added up once a lock.
        if case .account = id.subject {} else { figures["top"] = try topAccounts(id) }
        let lock = try book.issue(
            .init(
                scope: scope, reason: id.rule.rawValue,
                note: "\(volume.total)/\(volume.quota.registered), k=\(lockAt)",
                issuedBy: id.rule.rawValue, expiresAt: end, key: id.key, k: lockAt,
                message: { number in
                    refusal.text(lockWords.merging(["code": .same(number)]) { $1 })
                }, evidence: volume.evidence, figures: .object(figures)))
        // A lock for which its set has no room became a proposal, and an alert has said so.
        guard lock.state == .active else { return }
        figures["lock"] = .string(lock.id)
        try book.keepEvidence(of: system.code, from: id.bounds(calendar).lowerBound)
        try records.add(
            Finding(
                rule: id.rule, kind: id.isCap ? "cap" : "lock", scope: scope.description,
                key: "\(id.key)#\(lockAt)", from: id.bounds(calendar).lowerBound, at: now,
                message: alert.text(words), figures: figures, evidence: volume.evidence))
    }

    private func words(of volume: Volume) -> [String: Localized] {
        let quota = volume.quota
        let start = quota.id.bounds(calendar).lowerBound
        var more: [String: Localized] = [
            "count": .same(volume.total), "threshold": .same(quota.registered),
            "cap": .same(quota.registered), "date": dateText(quota.id.date),
            "time": .same(now.clock), "window_start": moment(start),
            "window_end": moment(quota.end),
            "lock_count": .same(quota.threshold.passing(beforeBreach: quota.lockAt)),
            "eta": eta(volume, from: start), "top_accounts": .same(Self.topMax),
            "n": .same((try? records.servicesUsed(system.code, in: start..<quota.end)) ?? 0),
        ]
        switch quota.id.subject {
        case .account(let login): more["account"] = .same(shown(login.rawValue))
        case .service(let service): more["service_name"] = serviceName(service)
        case .system: break
        }
        return words(more)
    }

    /// Says when the locking level will be reached at the window's pace so far.
    private func eta(_ volume: Volume, from start: Timestamp) -> Localized {
        let level = volume.quota.threshold.passing(beforeBreach: volume.quota.lockAt)
        let elapsed = max(1, now.milliseconds - start.milliseconds)
        let left = Double(max(0, level - volume.total)) / Double(max(1, volume.total))
        let reached = now.advanced(
            byMilliseconds: Int64(saturating: min(left, 1000) * Double(elapsed)))
        return .same(min(reached, volume.quota.end).clock)
    }

    private static let topMax = 5

    private func topAccounts(_ id: Quota.ID) throws -> JSONValue {
        let service: ServiceName? = if case .service(let name) = id.subject { name } else { nil }
        return .array(
            try records.topAccounts(
                system.code, service, in: id.bounds(calendar), countMax: Self.topMax
            ).map { .object(["account": .string(shown($0.login)), "count": .integer($0.count)]) })
    }
}

/// A quota that was passed, and by how much.
package struct Volume {
    package let quota: Quota
    package let total: Int64
    package let k: Int
    package let evidence: [EvidenceReference]

    package var figures: [String: JSONValue] {
        [
            "count": .integer(total), "threshold": .integer(quota.registered),
            "k": .integer(Int64(k)),
        ]
    }
}
