import Domain
import Platform

/// An alert: what was found, with its sentences, figures and evidence. There is one alert for each (rule, kind, scope,
/// key); finding it again renews its figures.
package struct Finding {
    package var rule: RuleID
    package var kind: String
    package var scope: String
    package var key: String
    package var from: Timestamp
    package var at: Timestamp
    package var confidence = 1.0
    package var message: Localized
    package var figures: [String: JSONValue]
    package var evidence: [EvidenceReference]

    package init(
        rule: RuleID, kind: String, scope: String, key: String, from: Timestamp, at: Timestamp,
        confidence: Double = 1.0, message: Localized, figures: [String: JSONValue],
        evidence: [EvidenceReference]
    ) {
        self.rule = rule
        self.kind = kind
        self.scope = scope
        self.key = key
        self.from = from
        self.at = at
        self.confidence = confidence
        self.message = message
        self.figures = figures
        self.evidence = evidence
    }
}

package struct EvidenceReference: Codable, Hashable {
    package let agent: AgentID
    package let epoch: Int64
    package let seq: Int64

    package init(
        agent: AgentID, epoch: Int64, seq: Int64
    ) {
        self.agent = agent
        self.epoch = epoch
        self.seq = seq
    }
}
