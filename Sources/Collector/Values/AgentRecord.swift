import Domain
import Platform
import Wire

package struct AgentRecord {
    package let id: AgentID
    package let system: SystemCode
    package let kid: String
    package let x: String
    package let isRevoked: Bool
    package let enrolledAt: Timestamp
    package let revokedAt: Timestamp?
    package var epoch: Int64
    package var seq: Int64
    package var lastHash: String
    /// The agent's intervals are contiguous up to here, apart from the recorded gaps.
    package var coveredTo: Timestamp
    package var everyMilliseconds: Int64
    package let lastSeen: Timestamp?
    package let skewMilliseconds: Int64?

    package init(
        id: AgentID, system: SystemCode, kid: String, x: String, isRevoked: Bool,
        enrolledAt: Timestamp, revokedAt: Timestamp?, epoch: Int64, seq: Int64, lastHash: String,
        coveredTo: Timestamp, everyMilliseconds: Int64, lastSeen: Timestamp?,
        skewMilliseconds: Int64?
    ) {
        self.id = id
        self.system = system
        self.kid = kid
        self.x = x
        self.isRevoked = isRevoked
        self.enrolledAt = enrolledAt
        self.revokedAt = revokedAt
        self.epoch = epoch
        self.seq = seq
        self.lastHash = lastHash
        self.coveredTo = coveredTo
        self.everyMilliseconds = everyMilliseconds
        self.lastSeen = lastSeen
        self.skewMilliseconds = skewMilliseconds
    }

    package var jwk: JWK? {
        guard let raw = Base64URL.decode(x), let key = try? Ed25519PublicKey(raw: raw) else {
            return nil
        }
        return JWK(key)
    }
}
