import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// I1: a summary that does not fit its agent's chain, or a request that is not what it claims to be. Alerts only if the
/// signer is known. There is one alert an agent, kind and day. `apart` names a thing that gets an alert of its own, up
/// to `apartMax` a day; whatever comes then grows one further alert.
package struct Integrity {
    static let apartMax = 20

    package let records: Records
    package let now: Timestamp

    package init(
        records: Records, now: Timestamp
    ) {
        self.records = records
        self.now = now
    }

    package func found(
        _ kind: String, _ sentence: MessageKey, _ agent: AgentRecord,
        _ words: [String: Localized] = [:],
        number: SummaryNumber? = nil, apart: String = ""
    ) throws {
        let system = try records.system(agent.system)
        var all = words
        all["agent"] = .same(agent.id)
        all["time"] = .same(now.clock)
        all["system_name"] = .same(system?.name ?? agent.system.rawValue)
        all["unit_name"] = .same(system?.unitName ?? "")
        if let number { all["seq"] = .same(number.seq) }
        let scope = "system=\(agent.system)"
        let key = try self.key(kind, scope, "\(agent.id) \(now.date)", apart)
        var times: Int64 = 0
        if case .integer(let before)? = try records.figures(.i1, kind, scope, key)["times"] {
            times = before
        }
        try records.add(
            Finding(
                rule: .i1, kind: kind, scope: scope, key: key, from: now, at: now,
                message: sentence.text(all),
                figures: [
                    "agent": .string(agent.id.rawValue), "times": .integer(times.adding(1)),
                    "epoch": number.map { .integer($0.epoch) } ?? .null,
                    "seq": number.map { .integer($0.seq) } ?? .null,
                ],
                evidence: number.map {
                    [EvidenceReference(agent: agent.id, epoch: $0.epoch, seq: $0.seq)]
                } ?? []))
    }

    /// A hostile agent can make up as many separate things as it likes, and they must not hide what others did.
    private func key(_ kind: String, _ scope: String, _ day: String, _ apart: String) throws
        -> String
    {
        guard !apart.isEmpty,
            try !records.hasAlert(RuleID.i1.rawValue, kind, scope, day + apart),
            try records.alertCount(
                .i1, kind, scope, keysFrom: day + " ", countMax: Self.apartMax) >= Self.apartMax
        else { return day + apart }
        return day + " *more"
    }
}
