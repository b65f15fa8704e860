import CCrypto

/// Derives keys from other secrets.
enum KeyDerivation {
    /// HKDF-SHA-256 (RFC 5869), 32 bytes.
    static func hkdf(_ secret: [UInt8], salt: [UInt8], info: String) throws -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil) else {
            throw CryptoError("HKDF is not available")
        }
        defer { EVP_PKEY_CTX_free(context) }
        let label = [UInt8](info.utf8)
        var key = [UInt8](repeating: 0, count: 32)
        var count = 32
        guard EVP_PKEY_derive_init(context) == 1,
            EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1,
            salt.isEmpty || EVP_PKEY_CTX_set1_hkdf_salt(context, salt, Int32(salt.count)) == 1,
            EVP_PKEY_CTX_set1_hkdf_key(context, secret, Int32(secret.count)) == 1,
            EVP_PKEY_CTX_add1_hkdf_info(context, label, Int32(label.count)) == 1,
            EVP_PKEY_derive(context, &key, &count) == 1, count == 32
        else { throw CryptoError("cannot derive a key") }
        return key
    }

    /// scrypt (RFC 7914) with r = 8 and p = 1; gives 32 bytes. It takes 2^`logN` KiB of memory while it runs.
    static func scrypt(_ passphrase: [UInt8], salt: [UInt8], logN: Int) throws -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 32)
        let isMade = passphrase.withUnsafeBytes { words in
            EVP_PBE_scrypt(
                words.bindMemory(to: CChar.self).baseAddress, words.count, salt, salt.count,
                UInt64(1) << UInt64(logN), 8, 1, (UInt64(1) << UInt64(logN + 10)) + (32 << 20),
                &key, key.count) == 1
        }
        guard isMade else { throw CryptoError("cannot derive a key") }
        return key
    }
}
