import CCrypto

/// A private key that opens sealed files (RFC 7748). It prints as `<redacted>`.
///
/// `@unchecked Sendable`: an EVP_PKEY is immutable once made; each derivation has its own context.
public final class X25519PrivateKey: @unchecked Sendable, CustomStringConvertible {
    private let key: OpaquePointer
    public let publicKey: [UInt8]

    public static func generate() throws -> X25519PrivateKey {
        try X25519PrivateKey(raw: randomBytes(32))
    }

    public init(raw: [UInt8]) throws {
        guard raw.count == 32,
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, raw, 32)
        else { throw CryptoError("an X25519 key needs 32 bytes") }
        var point = [UInt8](repeating: 0, count: 32)
        var count = 32
        guard EVP_PKEY_get_raw_public_key(key, &point, &count) == 1 else {
            EVP_PKEY_free(key)
            throw CryptoError("cannot derive the public key")
        }
        self.key = key
        publicKey = point
    }

    deinit { EVP_PKEY_free(key) }

    public var raw: [UInt8] {
        var raw = [UInt8](repeating: 0, count: 32)
        var count = 32
        EVP_PKEY_get_raw_private_key(key, &raw, &count)
        return raw
    }

    /// The secret that both sides can compute. It refuses public keys of small order, whose secret everybody knows.
    func shared(with publicKey: [UInt8]) throws -> [UInt8] {
        guard publicKey.count == 32,
            let peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, publicKey, 32)
        else { throw CryptoError("an X25519 public key has 32 bytes") }
        defer { EVP_PKEY_free(peer) }
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw CryptoError("no memory") }
        defer { EVP_PKEY_CTX_free(context) }
        var secret = [UInt8](repeating: 0, count: 32)
        var count = 32
        guard EVP_PKEY_derive_init(context) == 1,
            EVP_PKEY_derive_set_peer(context, peer) == 1,
            EVP_PKEY_derive(context, &secret, &count) == 1, count == 32,
            secret.contains(where: { $0 != 0 })
        else { throw CryptoError("no usable X25519 public key") }
        return secret
    }

    /// Whether a public key is written in its canonical form (below 2^255 − 19) and is of no small order. Otherwise
    /// everybody could open what is sealed for it, or one key would have two names.
    public static func isUsable(publicKey key: [UInt8]) -> Bool {
        guard key.count == 32, key[31] < 0x80 else { return false }
        let isBeyond = key[31] == 0x7F && key[1..<31].allSatisfy { $0 == 0xFF } && key[0] >= 0xED
        return !isBeyond && (try? generate().shared(with: key)) != nil
    }

    public var description: String { "<redacted>" }
}
