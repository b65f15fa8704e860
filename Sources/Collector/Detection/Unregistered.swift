import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension Detection {
    /// R8: the agent refused queries of unregistered accounts or to unregistered services. What an observing agent
    /// would have refused is in the totals (`would`) and makes no alert.
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
        guard let sum = try records.denialSum(system.code, day, reason: reason) else { return }
        let words = words([
            "count": .same(sum.count), "n": .same(sum.names), "account": .same(shown(sum.most)),
            "account_count": .same(sum.mostCount),
            "service_name": serviceName(ServiceName(unchecked: sum.most)),
            "since": moment(hours.lowerBound),
        ])
        try records.add(
            Finding(
                rule: .r8, kind: kind, scope: "system=\(system.code)", key: day.description,
                from: hours.lowerBound, at: now, message: key.text(words),
                figures: [
                    "count": .integer(sum.count), "n": .integer(sum.names),
                    "most": .string(shown(sum.most)), "most_count": .integer(sum.mostCount),
                ], evidence: [source]))
    }
}
