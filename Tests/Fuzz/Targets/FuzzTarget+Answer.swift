import Domain
import Wire
@testable import Agent
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStore
@testable import CollectorValues

extension FuzzTarget {
    /// The smaller JSON messages between agent and collector, staff's requests, an order of bypass.
    static let answer = FuzzTarget(
        "answer",
        words: [
            "\"items\":[", "\"seq\":", "\"status\":\"accepted\"", "\"problem\":\"", "\"next_seq\":",
            "\"others\":[{\"rule\":\"R1\",\"scope\":\"account=canbo1@H26.motcua\",\"key\":\"2026-11-24\",\"count\":",
            "\"lockset\":{", "\"server_time\":", "\"policy_version\":\"1.1\"", "\"epoch\":",
            "\"nation\":\"", "\"system\":\"", "\"taken\":[",
            "\"last_seq\":", "\"last_hash\":\"", "\"jwk\":{", "\"crv\":\"Ed25519\"",
            "\"kty\":\"OKP\"",
            "\"sub\":", "\"aud\":", "\"iat\":", "\"exp\":", "9223372036854775807",
        ]
    ) { bytes in
        try promiseRewritten(PushAnswer.self, bytes)
        try promiseRewritten(LockSetAnswer.self, bytes)
        try promiseRewritten(EnrolAnswer.self, bytes)
        try promiseRewritten(EnrolRequest.self, bytes)
        try promiseRewritten(EpochRequest.self, bytes)
        try promiseRewritten(HeldSets.self, bytes)
        try promiseRewritten(HeldAnswer.self, bytes)
        try promiseRewritten(AuthClaims.self, bytes)
        try promiseRewritten(HTTPProblem.self, bytes)
        try promiseRewritten(BypassNote.self, bytes)
        try promiseRewritten(Identity.self, bytes)
        if let answer = try? decodeJSON(PushAnswer.self, bytes) {
            var tallies = Tallies()
            var counts: [Quota.ID: Int64] = [:]
            for other in answer.others where other.isPlausible {
                if let id = Quota.ID(rule: other.rule, scope: other.scope, key: other.key) {
                    counts[id] = other.count
                }
            }
            tallies.adoptOthers(counts)
            for (id, count) in counts {
                try promise(tallies.ofOthers(id) + 1 > count, "another's count is not adopted")
            }
        }
        if let request = try? decodeJSON(EnrolRequest.self, bytes), let key = request.jwk.key {
            try promise(JWK(key) == request.jwk, "a key reads otherwise")
        }
    }

    private static func promiseRewritten<T: Codable>(_ type: T.Type, _ bytes: [UInt8]) throws {
        guard let value = try? decodeJSON(type, bytes) else { return }
        let text = try encodeJSON(value)
        try promise(
            try encodeJSON(decodeJSON(type, text)) == text, "\(type) reads otherwise, written anew")
    }
}
