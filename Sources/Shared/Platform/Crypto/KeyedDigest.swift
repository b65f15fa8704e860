import CCrypto

/// HMAC-SHA-256 with one key for many messages, which OpenSSL processes once; made for the hashes of subjects, one
/// for every query. The prepared key is overwritten when the last reference goes. It prints as `<redacted>`. One
/// thread at a time.
public final class KeyedDigest: CustomStringConvertible {
    private let context: OpaquePointer

    public init(key: [UInt8]) throws {
        guard let context = HMAC_CTX_new() else {
            throw CryptoError("no memory for a keyed digest")
        }
        // To OpenSSL a null key would mean the key used before.
        let bytes = key.isEmpty ? [0] : key
        guard HMAC_Init_ex(context, bytes, Int32(key.count), EVP_sha256(), nil) == 1 else {
            HMAC_CTX_free(context)
            throw CryptoError("HMAC-SHA-256 is not available")
        }
        self.context = context
    }

    deinit { HMAC_CTX_free(context) }

    /// The first 16 of the 32 bytes, as two big-endian words. `label` is a byte before the message, which keeps
    /// hashes of different kinds of things apart.
    public func half(of message: String, label: UInt8? = nil) -> (high: UInt64, low: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            HMAC_Init_ex(context, nil, 0, nil, nil)
            if var label { HMAC_Update(context, &label, 1) }
            var message = message
            message.withUTF8 { _ = HMAC_Update(context, $0.baseAddress, $0.count) }
            HMAC_Final(context, digest.baseAddress, nil)
            return (
                UInt64(bigEndian: digest.load(as: UInt64.self)),
                UInt64(bigEndian: digest.load(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    public var description: String { "<redacted>" }
}
