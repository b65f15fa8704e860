import Domain
import Platform
import Wire

/// What a counted summary shows: R1 over all agents, R8, X1. Use inside the intake's transaction.
struct Detection {
    let records: Records
    let book: LockBook
    let config: CollectorConfig
    let now: Timestamp

    func examine(_ summary: Summary, _ system: SystemRecord) throws {
        let source = EvidenceReference(agent: summary.agent, epoch: summary.epoch, seq: summary.seq)
        let calendar = config.calendar(of: system.unit)
        let today = calendar.day(at: now)
        let days = Set(summary.rows.map { calendar.day(at: $0.hour) })
        for day in days {
            let rows = summary.rows.filter { calendar.day(at: $0.hour) == day }
            let hours = calendar.bounds(ofDay: day)
            let reported = summary.breaches.filter { $0.rule == .r1 && $0.key == day.description }
            for login in Set(rows.filter { $0.allowed > 0 || $0.denied["R1"] != nil }.map(\.login))
            {
                try examineQuota(login, system, day, hours, reported, isToday: day == today, source)
            }
            if rows.contains(where: { $0.denied["R8.account"] != nil }) {
                try unregistered(
                    .alertR8Account, "R8.account", "account", system, day, hours, source)
            }
            if rows.contains(where: { $0.denied["R8.service"] != nil }) {
                try unregistered(
                    .alertR8Service, "R8.service", "service", system, day, hours, source)
            }
        }
        try examinePersons(summary, system, source)
    }

    /// R1: registered queries a day of an account, over all agents of its system.
    private func examineQuota(
        _ login: Login, _ system: SystemRecord, _ day: CalendarDate,
        _ hours: Range<Timestamp>, _ reported: [Breach], isToday: Bool,
        _ source: EvidenceReference
    ) throws {
        let setting = config.rules["R1"] ?? .standard(.r1)
        guard setting.effect.alerts, system.mode == .enforce,
            let account = try records.account(login, system.code), account.perDay > 0
        else { return }
        let total = try records.allowed(login, system.code, in: hours).values.reduce(0, +)
        let scope = Scope.account(login, system.code)
        let threshold = Threshold(registered: account.perDay)
        // A query that was refused is not in the total: the agent's own report tells of it.
        let told = reported.filter {
            $0.scope == scope && total >= threshold.passing(beforeBreach: $0.k)
        }
        let k = max(threshold.breach(atQuery: total), told.map(\.k).max() ?? 0)
        guard k >= setting.alertAt else { return }
        var words = words(system)
        words["account"] = .same(shown(login.rawValue))
        words["count"] = .same(total)
        words["threshold"] = .same(account.perDay)
        words["date"] = dateText(day)
        words["time"] = .same(now.clock)
        words["lock_count"] = .same(threshold.passing(beforeBreach: setting.lockAt))
        let figures: [String: JSONValue] = [
            "count": .integer(total), "threshold": .integer(account.perDay),
            "k": .integer(Int64(k)),
        ]
        let isAlertedBefore = try records.hasAlert(
            "R1", "breach", scope.description, day.description)
        // Once the locking level is reached, the alert of the lock tells the rest.
        if k < setting.lockAt || !isAlertedBefore {
            try records.add(
                Finding(
                    rule: .r1, kind: "breach", scope: scope.description, key: day.description,
                    from: hours.lowerBound,
                    at: now, message: MessageKey.alertR1Breach.text(words), figures: figures,
                    evidence: [source]))
        }

        let waived = try records.waivers(at: now).first {
            $0.rule == .r1 && $0.scope == scope && $0.key == day.description
        }
        let lockAt = max(setting.lockAt, waived?.nextK ?? setting.lockAt)
        // A window that is past is never locked for late summaries.
        guard k >= lockAt, isToday, setting.effect == .lock, account.kind == .person,
            try !records.hasLock(reason: "R1", scope: scope, key: day.description, k: lockAt)
        else { return }
        let end = hours.upperBound
        words["lock_breach"] = .same(lockAt)
        words["until"] = until(end)
        let lockWords = words
        try book.issue(
            .init(
                scope: scope, reason: "R1", note: "\(total)/\(account.perDay), k=\(k)",
                issuedBy: "R1",
                expiresAt: end, key: day.description, k: lockAt,
                message: { id in
                    MessageKey.refuseQuotaAccount.text(
                        lockWords.merging(["code": .same(id)]) { $1 })
                }, evidence: [source]))
        try records.add(
            Finding(
                rule: .r1, kind: "lock", scope: scope.description, key: "\(day)#\(lockAt)",
                from: hours.lowerBound,
                at: now, message: MessageKey.alertR1Lock.text(words), figures: figures,
                evidence: [source]))
    }

    /// R8: queries of unregistered accounts, or to unregistered services; refused by the agent.
    private func unregistered(
        _ key: MessageKey, _ reason: String, _ kind: String, _ system: SystemRecord,
        _ day: CalendarDate, _ hours: Range<Timestamp>, _ source: EvidenceReference
    ) throws {
        let setting = config.rules["R8"] ?? .standard(.r8)
        guard setting.effect.alerts else { return }
        let denials = try records.denials(system.code, reason: reason, in: hours)
        var byName: [String: Int64] = [:]
        for denial in denials {
            byName[kind == "account" ? denial.login : denial.service, default: 0] += denial.count
        }
        guard let most = byName.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return }
        let count = byName.values.reduce(0, +)
        var words = words(system)
        words["count"] = .same(count)
        words["n"] = .same(byName.count)
        words["account"] = .same(shown(most.key))
        words["account_count"] = .same(most.value)
        words["service_name"] = serviceName(ServiceName(unchecked: most.key))
        words["since"] = Localized(
            vi: "\(hours.lowerBound.clock) ngày \(day.vietnamese)",
            en: "\(hours.lowerBound.clock) on \(day)")
        try records.add(
            Finding(
                rule: .r8, kind: kind, scope: "system=\(system.code)", key: day.description,
                from: hours.lowerBound,
                at: now, message: key.text(words),
                figures: [
                    "count": .integer(count), "n": .integer(Int64(byName.count)),
                    "most": .string(shown(most.key)),
                    "most_count": .integer(most.value),
                ], evidence: [source]))
    }

    /// X1: one registered person (same CCCD) active at two units in overlapping time. An equal login alone is
    /// no finding.
    private func examinePersons(
        _ summary: Summary, _ system: SystemRecord, _ source: EvidenceReference
    ) throws {
        let setting = config.rules["X1"] ?? .standard(.x1)
        guard setting.effect.alerts else { return }
        var allowed: [Login: Int64] = [:]
        for row in summary.rows where row.allowed > 0 {
            allowed[row.login, default: 0] += row.allowed
        }
        let pause = setting.withinMilliseconds
        for (login, count) in allowed {
            guard let person = try records.account(login, system.code)?.person else { continue }
            let own = Account(login, system.code)
            try records.noteActivity(
                person, own, from: summary.from, to: summary.to, allowed: count, pause: pause,
                evidence: source)
            let all = try records.activities(person)
            guard let mine = all.first(where: { $0.system == own.system && $0.login == login })
            else { continue }
            for other in all
            where other.system.unit != system.unit
                && other.first <= mine.last.advanced(byMilliseconds: pause)
                && mine.first <= other.last.advanced(byMilliseconds: pause)
            {
                try shared(person, mine, other)
            }
        }
    }

    private func shared(_ person: String, _ a: Records.Activity, _ b: Records.Activity) throws {
        let first = min(a.first, b.first)
        let last = max(a.last, b.last)
        let names = try [a, b].map {
            try records.unitName($0.system.unit) ?? $0.system.unit.rawValue
        }
        try records.add(
            Finding(
                rule: .x1, kind: "shared", scope: "person=\(person)@*", key: last.date.description,
                from: first, at: now,
                confidence: 0.9,
                message: MessageKey.alertX1.text([
                    "account_a": .same(shown(a.login.rawValue)), "unit_a": .same(names[0]),
                    "count_a": .same(a.allowed),
                    "account_b": .same(shown(b.login.rawValue)), "unit_b": .same(names[1]),
                    "count_b": .same(b.allowed),
                    "from": .same(first.clock), "to": .same(last.clock),
                    "person_match": MessageKey.termPersonSame.template,
                ]),
                figures: [
                    "account_a": .string(shown("\(Account(a.login, a.system))")),
                    "count_a": .integer(a.allowed),
                    "account_b": .string(shown("\(Account(b.login, b.system))")),
                    "count_b": .integer(b.allowed),
                ], evidence: [a.evidence, b.evidence]))
    }

    private func words(_ system: SystemRecord) -> [String: Localized] {
        [
            "system_name": .same(system.name), "unit_name": .same(system.unitName),
            "contact": config.contact,
        ]
    }
}

/// I1: what does not fit the chain of an agent's summaries, or a request that is not what it says. Alerted where
/// the signer is known; one an agent, kind and day.
struct Integrity {
    let records: Records
    let now: Timestamp

    func found(
        _ kind: String, _ key: MessageKey, _ agent: AgentRecord, _ words: [String: Localized] = [:],
        seq: Int64? = nil
    ) throws {
        let system = try records.system(agent.system)
        var all = words
        all["agent"] = .same(agent.id)
        all["time"] = .same(now.clock)
        all["system_name"] = .same(system?.name ?? agent.system.rawValue)
        all["unit_name"] = .same(system?.unitName ?? "")
        if let seq { all["seq"] = .same(seq) }
        try records.add(
            Finding(
                rule: .i1, kind: kind, scope: "system=\(agent.system)",
                key: "\(agent.id) \(now.date)", from: now, at: now,
                message: key.text(all),
                figures: [
                    "agent": .string(agent.id.rawValue), "seq": seq.map { .integer($0) } ?? .null,
                ],
                evidence: seq.map {
                    [EvidenceReference(agent: agent.id, epoch: agent.epoch, seq: $0)]
                } ?? []))
    }
}
