import CCrypto

/// HMAC-SHA-256 under one key, many times: the key is worked in once, which spares five sixths of the time of
/// `Digest.hmacSHA256`. Prints as `<redacted>`. One thread at a time.
public final class KeyedDigest: CustomStringConvertible {
    private static let blockBytes = 64

    private let inner: OpaquePointer
    private let outer: OpaquePointer
    private let work: OpaquePointer
    private var digest = [UInt8](repeating: 0, count: 32)

    /// `key`: at most 64 bytes.
    public init(key: [UInt8]) throws {
        guard key.count <= Self.blockBytes else {
            throw CryptoError("a key of a keyed digest has at most 64 bytes")
        }
        guard let inner = EVP_MD_CTX_new(), let outer = EVP_MD_CTX_new(),
            let work = EVP_MD_CTX_new()
        else { throw CryptoError("no memory for a keyed digest") }
        self.inner = inner
        self.outer = outer
        self.work = work
        for (context, pad) in [(inner, UInt8(0x36)), (outer, UInt8(0x5C))] {
            var block = [UInt8](repeating: pad, count: Self.blockBytes)
            for index in key.indices { block[index] ^= key[index] }
            guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1,
                EVP_DigestUpdate(context, block, block.count) == 1
            else { throw CryptoError("SHA-256 is not available") }
        }
    }

    deinit {
        for context in [inner, outer, work] { EVP_MD_CTX_free(context) }
    }

    /// The first 16 of the 32 bytes, as two big-endian words.
    public func half(of message: String) -> (high: UInt64, low: UInt64) {
        var message = message
        return message.withUTF8 { bytes in
            EVP_MD_CTX_copy_ex(work, inner)
            EVP_DigestUpdate(work, bytes.baseAddress, bytes.count)
            EVP_DigestFinal_ex(work, &digest, nil)
            EVP_MD_CTX_copy_ex(work, outer)
            EVP_DigestUpdate(work, digest, digest.count)
            EVP_DigestFinal_ex(work, &digest, nil)
            func word(_ from: Int) -> UInt64 {
                digest[from..<from + 8].reduce(0) { $0 << 8 | UInt64($1) }
            }
            return (word(0), word(8))
        }
    }

    public var description: String { "<redacted>" }
}
