import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// I1: what does not fit the chain of an agent's summaries, or a request that is not what it says. Alerted where
/// the signer is known; one an agent, kind and day, and `apart`: what is to be told each time, as far as
/// `apartMax` a day. What comes then is one more alert, which grows.
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

    /// A hostile agent makes up as many things to be told apart as it likes: they must not hide what others did.
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
