import CCrypto

/// A private key for signing (RFC 8032). It prints as `<redacted>` and never leaves its machine.
///
/// `@unchecked Sendable`: an EVP_PKEY is immutable once made, and OpenSSL 3 lets threads share it for signing, each
/// with its own context.
public final class Ed25519PrivateKey: @unchecked Sendable, CustomStringConvertible {
    private let key: OpaquePointer
    public let publicKey: Ed25519PublicKey

    public static func generate() throws -> Ed25519PrivateKey {
        try Ed25519PrivateKey(seed: randomBytes(32))
    }

    /// `seed` is the 32 secret bytes, `d` of the JWK.
    public init(seed: [UInt8]) throws {
        guard seed.count == 32,
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32)
        else { throw CryptoError("an Ed25519 key needs 32 bytes") }
        var raw = [UInt8](repeating: 0, count: 32)
        var count = 32
        guard EVP_PKEY_get_raw_public_key(key, &raw, &count) == 1 else {
            EVP_PKEY_free(key)
            throw CryptoError("cannot derive the public key")
        }
        self.key = key
        publicKey = try Ed25519PublicKey(raw: raw)
    }

    deinit { EVP_PKEY_free(key) }

    public var seed: [UInt8] {
        var raw = [UInt8](repeating: 0, count: 32)
        var count = 32
        EVP_PKEY_get_raw_private_key(key, &raw, &count)
        return raw
    }

    /// The 64-byte signature.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw CryptoError("no memory to sign") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = 64
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
        else { throw CryptoError("cannot sign") }
        return signature
    }

    public var description: String { "<redacted>" }
}

/// A public key: 32 bytes, `x` of the JWK.
public final class Ed25519PublicKey: @unchecked Sendable, Hashable {
    // @unchecked Sendable: an EVP_PKEY is immutable once made; each verification has its own context.
    private let key: OpaquePointer
    public let raw: [UInt8]

    /// Refuses bytes that are nobody's key: another encoding of a number than RFC 8032 gives it, and points of small
    /// order, for which anyone can make signatures that hold for many messages.
    public init(raw: [UInt8]) throws {
        guard raw.count == 32, Ed25519Point.isKey(raw) else {
            throw CryptoError("no Ed25519 public key: 32 bytes, canonical, of no small order")
        }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, 32)
        else { throw CryptoError("an Ed25519 public key has 32 bytes") }
        self.key = key
        self.raw = raw
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether the key made this signature; false also for a signature that is not 64 bytes. Any thread.
    public func verify(signature: [UInt8], message: [UInt8]) -> Bool {
        guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let valid =
            EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, 64, message, message.count) == 1
        if !valid { ERR_clear_error() }
        return valid
    }

    public static func == (a: Ed25519PublicKey, b: Ed25519PublicKey) -> Bool { a.raw == b.raw }
    public func hash(into hasher: inout Hasher) { hasher.combine(raw) }
}
