import Domain
import Platform

/// Says which policy of a system was signed when. The digest is that of the compact JWS.
package struct PolicyPoint: Codable, Hashable {
    /// Versions are known for this long; a lock keeps its own copy (`LockContext`).
    package static let keptMilliseconds: Int64 = 400 * Timestamp.millisecondsPerDay

    package let version: Version
    package let issuedAt: Timestamp
    package let digest: String

    package init(
        version: Version, issuedAt: Timestamp, digest: String
    ) {
        self.version = version
        self.issuedAt = issuedAt
        self.digest = digest
    }

    package enum CodingKeys: String, CodingKey {
        case version, digest
        case issuedAt = "issued_at"
    }
}
