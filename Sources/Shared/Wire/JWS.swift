import FoundationEssentials
import Platform
import Synchronization

/// A compact JWS (RFC 7515) with `alg: EdDSA` (RFC 8037) and a `typ` that names its only use. Nothing that was signed
/// for one use is accepted for another (docs/wire-format.md#conventions).
public enum JWS {
    public enum Problem: String, Error, Sendable, CustomStringConvertible {
        case malformed, algorithm, typ, signature
        public var description: String { rawValue }
    }

    struct Header: Codable {
        let alg: String
        let kid: String
        let typ: String
    }

    /// The header and payload of a JWS whose signature has not been checked yet.
    public struct Unverified: Sendable {
        public let kid: String
        public let typ: String
        public let payload: [UInt8]
        let signed: [UInt8]
        let signature: [UInt8]

        /// The payload. Throws unless `key` signed it for the use `typ`.
        public func verified(by key: Ed25519PublicKey, typ expected: String) throws(Problem)
            -> [UInt8]
        {
            guard typ == expected else { throw .typ }
            guard key.verify(signature: signature, message: signed) else { throw .signature }
            return payload
        }
    }

    public static func sign(_ payload: [UInt8], typ: String, with key: Ed25519PrivateKey) throws
        -> String
    {
        let header = try encodeJSON(
            Header(alg: "EdDSA", kid: JWK(key.publicKey).thumbprint, typ: typ))
        let signed = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        return signed + "." + Base64URL.encode(try key.sign([UInt8](signed.utf8)))
    }

    public static func sign(_ value: some Encodable, typ: String, with key: Ed25519PrivateKey)
        throws
        -> String
    {
        try sign(encodeJSON(value), typ: typ, with: key)
    }

    private static let headers = HeaderCache()

    /// Reads each header once, since an agent's are the same again and again. Thread-safe.
    private final class HeaderCache: Sendable {
        private static let countMax = 40_000
        private let known = Mutex<[[UInt8]: Header]>([:])

        /// Nil when the header cannot be read.
        func read(_ bytes: [UInt8]) -> Header? {
            if let header = known.withLock({ $0[bytes] }) { return header }
            guard JWS.isPlainHeader(bytes),
                let fields = try? JSONDecoder().decode([String: String].self, from: Data(bytes)),
                fields.count == 3, let alg = fields["alg"], let kid = fields["kid"],
                let typ = fields["typ"]
            else { return nil }
            let header = Header(alg: alg, kid: kid, typ: typ)
            known.withLock { known in
                if known.count >= Self.countMax { known = [:] }
                known[bytes] = header
            }
            return header
        }
    }

    /// Whether a header has exactly `alg`, `kid` and `typ`, each once: an object of six plain ASCII strings. One that
    /// two readers could read differently (`crit`, `b64`, a name twice, UTF-16, escapes) is refused.
    private static func isPlainHeader(_ bytes: [UInt8]) -> Bool {
        bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}")
            && bytes.count { $0 == UInt8(ascii: "\"") } == 12
            && bytes.allSatisfy {
                (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") || 9...10 ~= $0 || $0 == 13
            }
    }

    /// Takes a compact JWS apart. It checks only the form and the algorithm.
    public static func parse(_ compact: some Sequence<UInt8>) throws(Problem) -> Unverified {
        let bytes = [UInt8](compact)
        let parts = bytes[...].parts(between: UInt8(ascii: "."))
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), header.count <= 1024,
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            let fields = headers.read(header)
        else { throw .malformed }
        guard fields.alg == "EdDSA" else { throw .algorithm }
        let signed = [UInt8](bytes[..<(parts[0].count + 1 + parts[1].count)])
        return Unverified(
            kid: fields.kid, typ: fields.typ, payload: payload, signed: signed,
            signature: signature)
    }

    /// The base64url SHA-256 of the compact JWS, which chains summaries and tells lock sets apart.
    public static func digest(_ compact: String) -> String {
        Base64URL.encode(Digest.sha256([UInt8](compact.utf8)))
    }
}

/// JSON with sorted keys, so that equal values give equal bytes.
public func encodeJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value))
}

/// Decodes UTF-8 without a byte order mark, with no name twice in an object. Foundation alone would also take UTF-16
/// and UTF-32, which other readers do not, and one value of a repeated name where others take the other.
public func decodeJSON<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
    guard !bytes.prefix(4).contains(0), bytes.first.map({ $0 < 0x80 }) ?? true else {
        throw JWS.Problem.malformed
    }
    guard !RepeatedNames.stand(in: bytes) else { throw JWS.Problem.malformed }
    return try JSONDecoder().decode(type, from: Data(bytes))
}
