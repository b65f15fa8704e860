import CCrypto

/// Bytes that only those who know a passphrase can read: AES-256-GCM under a key by scrypt (RFC 7914). Every box has
/// its own salt and nonce. `label` is not in the box; a box opens only with its own label.
public struct SealedBox: Codable, Hashable, Sendable {
    /// Each try takes 32 MiB and some tens of milliseconds.
    private static let logCost = 15
    public static let cost = UInt64(1) << UInt64(logCost)
    public static let passphraseBytes = 12...1024

    public var v = 1
    public let kdf: String
    public let n: UInt64
    public let r: UInt64
    public let p: UInt64
    public let cipher: String
    /// This and the next three fields are base64url.
    public let salt: String
    public let iv: String
    public let ciphertext: String
    public let tag: String

    /// Seals bytes in memory. Throws when the passphrase does not have 12 to 1024 bytes.
    public static func seal(_ plain: [UInt8], passphrase: [UInt8], label: [UInt8]) throws
        -> SealedBox
    {
        guard passphraseBytes.contains(passphrase.count) else {
            throw CryptoError("a passphrase needs 12 to 1024 bytes")
        }
        let salt = try randomBytes(16)
        let iv = try randomBytes(12)
        let key = try KeyDerivation.scrypt(passphrase, salt: salt, logN: logCost)
        let sealed = try crypt(plain, key: key, iv: iv, label: label, tag: nil)
        return SealedBox(
            kdf: "scrypt", n: cost, r: 8, p: 1, cipher: "A256GCM", salt: Base64URL.encode(salt),
            iv: Base64URL.encode(iv), ciphertext: Base64URL.encode(sealed.bytes),
            tag: Base64URL.encode(sealed.tag))
    }

    /// Throws for another passphrase or label, and when a byte was changed.
    public func open(passphrase: [UInt8], label: [UInt8]) throws -> [UInt8] {
        guard kdf == "scrypt", cipher == "A256GCM", r == 8, p == 1, n == Self.cost,
            let salt = Base64URL.decode(salt), let iv = Base64URL.decode(iv), iv.count == 12,
            let bytes = Base64URL.decode(ciphertext), let tag = Base64URL.decode(tag),
            tag.count == 16
        else { throw CryptoError("no sealed box of this program") }
        let key = try KeyDerivation.scrypt(passphrase, salt: salt, logN: Self.logCost)
        return try Self.crypt(bytes, key: key, iv: iv, label: label, tag: tag).bytes
    }

    /// Seals when no tag is given, opens when one is.
    private static func crypt(
        _ bytes: [UInt8], key: [UInt8], iv: [UInt8], label: [UInt8], tag: [UInt8]?
    ) throws -> (bytes: [UInt8], tag: [UInt8]) {
        guard let context = EVP_CIPHER_CTX_new() else { throw CryptoError("no memory to seal") }
        defer { EVP_CIPHER_CTX_free(context) }
        guard bytes.count < Int(Int32.max) else { throw CryptoError("too much to seal") }
        var output = [UInt8](repeating: 0, count: bytes.count + 16)
        var (count, rest): (Int32, Int32) = (0, 0)
        var seal = tag ?? [UInt8](repeating: 0, count: 16)
        let direction: Int32 = tag == nil ? 1 : 0
        guard
            EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, iv, direction) == 1,
            EVP_CipherUpdate(context, nil, &count, label, Int32(label.count)) == 1,
            EVP_CipherUpdate(context, &output, &count, bytes, Int32(bytes.count)) == 1
        else { throw CryptoError("cannot seal or open") }
        if tag != nil {
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, &seal) == 1 else {
                throw CryptoError("cannot check the seal")
            }
        }
        guard EVP_CipherFinal_ex(context, nil, &rest) == 1 else {
            throw CryptoError("the passphrase is wrong, or the box was changed")
        }
        if tag == nil {
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, &seal) == 1 else {
                throw CryptoError("cannot seal")
            }
        }
        return (Array(output.prefix(Int(count))), seal)
    }
}
