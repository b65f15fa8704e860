import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension Detection {
    /// R9: the agent held back accounts or addresses that asked too fast.
    func examineRates(_ summary: Summary, _ source: EvidenceReference) throws {
        guard setting(.r9).effect.alerts, let rates = setting(.r9).rates else { return }
        for (reason, rate, name) in [
            ("R9.account", rates.account, Localized(vi: "tài khoản", en: "account")),
            ("R9.ip", rates.source, Localized(vi: "địa chỉ máy", en: "source addresses")),
        ] {
            guard let rate else { continue }
            let rows = summary.rows.filter { $0.denied[reason] ?? 0 > 0 }
            for day in Set(rows.map { calendar.day(at: $0.hour) }) {
                guard let sum = try records.denialSum(system.code, day, reason: reason) else {
                    continue
                }
                try heldBack(sum, reason, rate, name, day, source)
            }
        }
    }

    private func heldBack(
        _ sum: DenialSum, _ reason: String, _ rate: Rate, _ name: Localized, _ day: CalendarDate,
        _ source: EvidenceReference
    ) throws {
        let start = calendar.bounds(ofDay: day).lowerBound
        let isAccount = reason == "R9.account"
        let account = isAccount ? " " + shown(sum.most) : ""
        try records.add(
            Finding(
                rule: .r9, kind: isAccount ? "account" : "ip", scope: "system=\(system.code)",
                key: day.description, from: start, at: now,
                message: MessageKey.alertR9.text(
                    words([
                        "source": Localized(vi: name.vi + account, en: name.en + account),
                        "limit": .same(rate.limit),
                        "period": periodText(rate.periodMilliseconds),
                        "times": .same(sum.names), "count": .same(sum.count),
                        "since": moment(start),
                    ])),
                figures: [
                    "count": .integer(sum.count), "n": .integer(sum.names),
                    "most": .string(shown(sum.most)), "most_count": .integer(sum.mostCount),
                ], evidence: [source]))
    }
}
