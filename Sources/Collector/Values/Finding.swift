import Domain
import Platform

/// An alert: what was found, its sentences, figures and evidence. One a (rule, kind, scope, key): found again,
/// its figures are renewed.
struct Finding {
    var rule: RuleID
    var kind: String
    var scope: String
    var key: String
    var from: Timestamp
    var at: Timestamp
    var confidence = 1.0
    var message: Localized
    var figures: [String: JSONValue]
    var evidence: [EvidenceReference]
}

struct EvidenceReference: Codable, Hashable {
    let agent: AgentID
    let epoch: Int64
    let seq: Int64
}
