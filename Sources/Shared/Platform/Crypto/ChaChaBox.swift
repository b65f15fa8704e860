import CCrypto

/// ChaCha20-Poly1305 (RFC 8439) with one key for many messages; the caller must never use a nonce twice. The 16-byte
/// tag stands at the end. One thread at a time.
final class ChaChaBox {
    static let tagBytes = 16
    static let nonceBytes = 12

    private let context: OpaquePointer
    private let key: [UInt8]

    init(key: [UInt8]) throws {
        guard key.count == 32, let context = EVP_CIPHER_CTX_new() else {
            throw CryptoError("no memory to seal")
        }
        self.key = key
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func seal(_ plain: ArraySlice<UInt8>, nonce: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: plain.count + Self.tagBytes)
        var (count, rest): (Int32, Int32) = (0, 0)
        var tag = [UInt8](repeating: 0, count: Self.tagBytes)
        guard EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce, 1) == 1,
            update(&output, &count, plain),
            EVP_CipherFinal_ex(context, nil, &rest) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
        else { throw CryptoError("cannot seal") }
        output.replaceSubrange(plain.count..., with: tag)
        return output
    }

    /// Opens a message. Returns nil for another key or nonce, or when a byte was changed.
    func open(_ sealed: ArraySlice<UInt8>, nonce: [UInt8]) throws -> [UInt8]? {
        guard sealed.count >= Self.tagBytes else { return nil }
        let bytes = sealed.dropLast(Self.tagBytes)
        var tag = [UInt8](sealed.suffix(Self.tagBytes))
        var output = [UInt8](repeating: 0, count: bytes.count)
        var (count, rest): (Int32, Int32) = (0, 0)
        guard EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce, 0) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1,
            update(&output, &count, bytes)
        else { throw CryptoError("cannot open") }
        guard EVP_CipherFinal_ex(context, nil, &rest) == 1 else {
            ERR_clear_error()
            return nil
        }
        return output
    }

    private func update(
        _ output: inout [UInt8], _ count: inout Int32, _ input: ArraySlice<UInt8>
    ) -> Bool {
        guard !input.isEmpty else { return true }
        return input.withUnsafeBufferPointer { bytes in
            EVP_CipherUpdate(context, &output, &count, bytes.baseAddress, Int32(bytes.count)) == 1
        }
    }
}
