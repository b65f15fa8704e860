import Domain
import Platform
import Wire

extension Detection {
    /// R9: accounts and addresses that the agent held back.
    func examineRates(_ summary: Summary, _ source: EvidenceReference) throws {
        guard setting(.r9).effect.alerts, let rates = setting(.r9).rates else { return }
        for (reason, rate, name) in [
            ("R9.account", rates.account, Localized(vi: "tài khoản", en: "account")),
            ("R9.ip", rates.source, Localized(vi: "địa chỉ máy", en: "source addresses")),
        ] {
            guard let rate, summary.rows.contains(where: { $0.denied[reason] != nil }) else {
                continue
            }
            let day = calendar.day(at: summary.to)
            let hours = calendar.bounds(ofDay: day)
            let denials = try records.denials(system.code, reason: reason, in: hours)
            guard let most = denials.max(by: { $0.count < $1.count }) else { continue }
            let count = denials.reduce(0) { $0 + $1.count }
            let account = " " + shown(most.login)
            let isAccount = reason == "R9.account"
            try records.add(
                Finding(
                    rule: .r9, kind: isAccount ? "account" : "ip",
                    scope: "system=\(system.code)", key: day.description, from: hours.lowerBound,
                    at: now,
                    message: MessageKey.alertR9.text(
                        words([
                            "source": Localized(
                                vi: name.vi + (isAccount ? account : ""),
                                en: name.en + (isAccount ? account : "")),
                            "limit": .same(rate.limit),
                            "period": periodText(rate.periodMilliseconds),
                            "times": .same(denials.count), "count": .same(count),
                            "since": moment(hours.lowerBound),
                        ])),
                    figures: [
                        "count": .integer(count), "n": .integer(Int64(denials.count)),
                        "most": .string(shown(most.login)), "most_count": .integer(most.count),
                    ], evidence: [source]))
        }
    }
}
