import Domain
import Platform

/// The collector's keys, signed by its root. Agents pin the root and take everything else from this list.
public struct KeyList: Codable, Hashable, Sendable {
    public static let typ = "chot-keys+jws"

    public var v = 1
    /// The version rises with every change; an agent takes no older list.
    public let version: Int64
    /// The audience of requests and enrolments.
    public let collector: String
    public let root: JWK
    /// The keys that sign lock sets and policies.
    public let signing: [JWK]
    /// The authority of the TLS front, as PEM.
    public let ca: String
    public let issuedAt: Timestamp

    public init(
        version: Int64, collector: String, root: JWK, signing: [JWK], ca: String,
        issuedAt: Timestamp
    ) {
        self.version = version
        self.collector = collector
        self.root = root
        self.signing = signing
        self.ca = ca
        self.issuedAt = issuedAt
    }

    enum CodingKeys: String, CodingKey {
        case v, version, collector, root, signing, ca
        case issuedAt = "issued_at"
    }

    /// The signing key of this thumbprint; nil when the list has none.
    public func signingKey(_ kid: String) -> Ed25519PublicKey? {
        signing.first { $0.thumbprint == kid }?.key
    }

    /// Returns the list. Throws unless the root with the pinned thumbprint signed it.
    public static func verified(_ compact: String, root pinned: String) throws -> KeyList {
        let jws = try JWS.parse(compact.utf8)
        let list = try decodeJSON(KeyList.self, jws.payload)
        guard constantTimeEqual([UInt8](list.root.thumbprint.utf8), [UInt8](pinned.utf8)),
            let root = list.root.key
        else { throw JWS.Problem.signature }
        _ = try jws.verified(by: root, typ: typ)
        return list
    }
}

/// A token `id.secret.rootfingerprint`, for one use and a limited time. `agent token` prints it.
public struct EnrolmentToken: Sendable, CustomStringConvertible {
    public let id: String
    public let secret: String
    public let root: String

    public init(id: String, secret: String, root: String) {
        self.id = id
        self.secret = secret
        self.root = root
    }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ (8...64).contains($0.utf8.count) }) else {
            return nil
        }
        self.init(id: parts[0], secret: parts[1], root: parts[2])
    }

    public var text: String { "\(id).\(secret).\(root)" }
    public var description: String { "<redacted>" }
}
