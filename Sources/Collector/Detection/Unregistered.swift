import Domain
import Platform
import Wire

extension Detection {
    /// R8: queries of accounts or to services that are not registered; the agent refused them, or would
    /// have in observe mode.
    func examineUnregistered(_ summary: Summary, _ source: EvidenceReference) throws {
        guard setting(.r8).effect.alerts else { return }
        for (reason, kind, key) in [
            ("R8.account", "account", MessageKey.alertR8Account),
            ("R8.service", "service", .alertR8Service), ("R8.off", "off", .alertR8Off),
        ] {
            let rows = summary.rows.filter { $0.denied[reason] != nil }
            for day in Set(rows.map { calendar.day(at: $0.hour) }) {
                try unregistered(key, reason, kind, day, source)
            }
        }
    }

    private func unregistered(
        _ key: MessageKey, _ reason: String, _ kind: String, _ day: CalendarDate,
        _ source: EvidenceReference
    ) throws {
        let hours = calendar.bounds(ofDay: day)
        let denials = try records.denials(system.code, reason: reason, in: hours)
        var byName: [String: Int64] = [:]
        for denial in denials {
            byName[kind == "account" ? denial.login : denial.service, default: 0] += denial.count
        }
        guard let most = byName.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return }
        let count = byName.values.reduce(0, +)
        let words = words([
            "count": .same(count), "n": .same(byName.count), "account": .same(shown(most.key)),
            "account_count": .same(most.value),
            "service_name": serviceName(ServiceName(unchecked: most.key)),
            "since": moment(hours.lowerBound),
        ])
        try records.add(
            Finding(
                rule: .r8, kind: kind, scope: "system=\(system.code)", key: day.description,
                from: hours.lowerBound, at: now, message: key.text(words),
                figures: [
                    "count": .integer(count), "n": .integer(Int64(byName.count)),
                    "most": .string(shown(most.key)), "most_count": .integer(most.value),
                ], evidence: [source]))
    }
}
