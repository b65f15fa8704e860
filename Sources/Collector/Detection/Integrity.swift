import Domain
import Platform
import Wire

/// I1: what does not fit the chain of an agent's summaries, or a request that is not what it says. Alerted where
/// the signer is known; one an agent, kind and day, and `apart`: what is to be told each time.
struct Integrity {
    let records: Records
    let now: Timestamp

    func found(
        _ kind: String, _ key: MessageKey, _ agent: AgentRecord, _ words: [String: Localized] = [:],
        number: SummaryNumber? = nil, apart: String = ""
    ) throws {
        let system = try records.system(agent.system)
        var all = words
        all["agent"] = .same(agent.id)
        all["time"] = .same(now.clock)
        all["system_name"] = .same(system?.name ?? agent.system.rawValue)
        all["unit_name"] = .same(system?.unitName ?? "")
        if let number { all["seq"] = .same(number.seq) }
        try records.add(
            Finding(
                rule: .i1, kind: kind, scope: "system=\(agent.system)",
                key: "\(agent.id) \(now.date)\(apart)", from: now, at: now,
                message: key.text(all),
                figures: [
                    "agent": .string(agent.id.rawValue),
                    "epoch": number.map { .integer($0.epoch) } ?? .null,
                    "seq": number.map { .integer($0.seq) } ?? .null,
                ],
                evidence: number.map {
                    [EvidenceReference(agent: agent.id, epoch: $0.epoch, seq: $0.seq)]
                } ?? []))
    }
}
