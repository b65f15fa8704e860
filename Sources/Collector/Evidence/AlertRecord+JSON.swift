import CollectorStore
import Domain
import Platform
import Wire

extension Records.AlertRecord {
    /// The fixed shape of `alerts list` (interfaces, JSON).
    package var json: JSONValue {
        .object([
            "id": .integer(id), "rule": .string(rule), "scope": .string(scope),
            "state": .string(state), "from": .string(from.description),
            "at": .string(at.description), "confidence": .number(confidence),
            "message": .object(["vi": .string(message.vi), "en": .string(message.en)]),
            "evidence": evidence, "figures": figures,
        ])
    }
}
