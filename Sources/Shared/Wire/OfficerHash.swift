import Platform

/// The officer of an account (CCCD or officer code) as a policy names it: HMAC-SHA-256 under a key of that system
/// alone, 16 bytes, base64url (docs/wire-format.md#locks-and-policy).
public func officerHash(_ officer: String, key: [UInt8]) -> String {
    Base64URL.encode(Array(Digest.hmacSHA256(key: key, message: [UInt8](officer.utf8)).prefix(16)))
}
