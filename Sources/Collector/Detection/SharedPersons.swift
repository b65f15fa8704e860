import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension Detection {
    /// X1: one registered person (same CCCD) is active at two units in overlapping time. An equal login alone is no
    /// finding.
    func examinePersons(
        _ summary: Summary, _ system: SystemRecord, _ source: EvidenceReference
    ) throws {
        let setting = setting(.x1)
        guard setting.effect.alerts else { return }
        var allowed: [Login: Int64] = [:]
        allowed.reserveCapacity(summary.rows.count)
        for row in summary.rows where row.allowed > 0 {
            allowed[row.login] = (allowed[row.login] ?? 0).adding(row.allowed)
        }
        let pause = setting.withinMilliseconds
        for (login, count) in allowed {
            // A person with a single account is active at one unit only.
            guard let account = try records.account(login, system.code), account.isOneOfSeveral,
                let person = account.person
            else { continue }
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
        try act(person, from: first, to: last, [a, b])
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

    /// Makes a proposal a person and day, or a lock if the rule's effect says so. The scope is the person's accounts:
    /// staff decide which of them is rightful.
    private func act(
        _ person: String, from first: Timestamp, to last: Timestamp,
        _ activities: [Records.Activity]
    ) throws {
        let effect = setting(.x1).effect
        let scope = Scope.person(person)
        let key = last.date.description
        guard effect == .propose || effect == .lock,
            try !records.hasLock(reason: RuleID.x1.rawValue, scope: scope, key: key, k: 1)
        else { return }
        let names = activities.map { shown("\(Account($0.login, $0.system))") }
        let order = LockBook.Order(
            scope: scope, reason: RuleID.x1.rawValue,
            note: names.joined(separator: ", ") + " \(first.clock)–\(last.clock)",
            issuedBy: RuleID.x1.rawValue, key: key, k: 1,
            evidence: activities.map(\.evidence),
            figures: .object(
                Dictionary(
                    zip(names, activities.map { .integer($0.allowed) }), uniquingKeysWith: { $1 })),
            confidence: 0.9)
        if effect == .lock {
            try book.issueAutomatically(order)
        } else {
            try book.propose(order)
        }
    }
}
