import Domain
import Platform

/// Which policy of a system was signed when. The digest is that of the compact JWS.
struct PolicyPoint: Codable, Hashable {
    /// How long versions are known; a lock keeps its own (`LockContext`).
    static let keptMilliseconds: Int64 = 400 * Timestamp.millisecondsPerDay

    let version: Version
    let issuedAt: Timestamp
    let digest: String

    enum CodingKeys: String, CodingKey {
        case version, digest
        case issuedAt = "issued_at"
    }
}
