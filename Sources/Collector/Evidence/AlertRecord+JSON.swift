import CollectorStore
import Domain
import Platform
import Wire

extension Records.AlertRecord {
    /// An alert as `alerts list` prints it; the names of these fields are fixed.
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
