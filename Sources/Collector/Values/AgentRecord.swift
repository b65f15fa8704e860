import Domain
import Platform
import Wire

struct AgentRecord {
    let id: AgentID
    let system: SystemCode
    let kid: String
    let x: String
    let isRevoked: Bool
    let enrolledAt: Timestamp
    let revokedAt: Timestamp?
    var epoch: Int64
    var seq: Int64
    var lastHash: String
    /// Intervals are contiguous to here, but for the gaps.
    var coveredTo: Timestamp
    var everyMilliseconds: Int64
    let lastSeen: Timestamp?
    let skewMilliseconds: Int64?

    var jwk: JWK? {
        guard let raw = Base64URL.decode(x), let key = try? Ed25519PublicKey(raw: raw) else {
            return nil
        }
        return JWK(key)
    }
}
