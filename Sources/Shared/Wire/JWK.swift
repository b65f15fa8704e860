import FoundationEssentials
import Platform

/// A public Ed25519 key as JSON (RFC 8037).
public struct JWK: Codable, Hashable, Sendable {
    public let crv: String
    public let kty: String
    public let x: String

    public init(_ key: Ed25519PublicKey) {
        crv = "Ed25519"
        kty = "OKP"
        x = Base64URL.encode(key.raw)
    }

    /// The key; nil when it is no Ed25519 key.
    public var key: Ed25519PublicKey? {
        guard kty == "OKP", crv == "Ed25519", let raw = Base64URL.decode(x) else { return nil }
        return try? Ed25519PublicKey(raw: raw)
    }

    /// The thumbprint of RFC 7638: SHA-256 of the members in lexical order, as base64url.
    public var thumbprint: String {
        Base64URL.encode(
            Digest.sha256([UInt8]("{\"crv\":\"\(crv)\",\"kty\":\"\(kty)\",\"x\":\"\(x)\"}".utf8)))
    }
}

/// A private key as its file holds it: a JWK with `d`. The file is 0600 and never leaves its machine.
public struct PrivateJWK: Codable, Sendable, CustomStringConvertible {
    public let crv: String
    public let d: String
    public let kty: String
    public let x: String

    public init(_ key: Ed25519PrivateKey) {
        crv = "Ed25519"
        kty = "OKP"
        d = Base64URL.encode(key.seed)
        x = Base64URL.encode(key.publicKey.raw)
    }

    public var description: String { "<redacted>" }

    /// Reads a key file. Throws a `FileError` when it is absent, damaged, or longer than 4096 bytes.
    public static func load(_ path: String) throws -> Ed25519PrivateKey {
        let bytes = try Files.read(path, bytesMax: 4096)
        guard let jwk = try? decodeJSON(PrivateJWK.self, bytes), let seed = Base64URL.decode(jwk.d),
            let key = try? Ed25519PrivateKey(seed: seed)
        else {
            throw FileError(
                path: path, action: .readKey,
                detail:
                    "it is damaged: no JWK (RFC 8037) with a seed of 32 bytes in d; restore it from a backup, or enrol anew",
                vi:
                    "tệp bị hỏng: không phải JWK (RFC 8037) có hạt giống 32 byte trong d; hãy khôi phục từ bản sao lưu hoặc ghi danh lại"
            )
        }
        return key
    }

    /// Writes a key file, 0600, in place of any former one.
    public static func save(_ key: Ed25519PrivateKey, to path: String) throws {
        try Files.writeAtomically(path, encodeJSON(PrivateJWK(key)) + [10])
    }
}
