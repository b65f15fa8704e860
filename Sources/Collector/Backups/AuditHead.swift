import CollectorStore
import Domain
import Platform
import Wire

/// The signed end of the audit log when the collector last looked, in a file beside the database. A log that was cut
/// short, or a database put back from a copy, does not agree with it.
package struct AuditHead {
    package let folder: String
    package let key: Ed25519PrivateKey

    package init(
        folder: String, key: Ed25519PrivateKey
    ) {
        self.folder = folder
        self.key = key
    }

    private var path: String { "\(folder)/audit-head.jws" }

    /// Returns nil if there is none. Throws if this collector did not sign it.
    package func read() throws -> AuditDigest? {
        guard Files.exists(path) else { return nil }
        return try Self.digest(try Files.read(path, bytesMax: 4096), by: key.publicKey)
    }

    /// Throws if that key did not sign it.
    package static func digest(_ text: [UInt8], by key: Ed25519PublicKey) throws -> AuditDigest {
        try decodeJSON(
            AuditDigest.self, try JWS.parse(text).verified(by: key, typ: AuditDigest.typ))
    }

    /// Signs the present end of the log. Returns false if the log no longer holds what was signed before; that is never
    /// overwritten.
    package func renew(_ records: Records) throws -> Bool {
        guard let head = try records.auditHead() else { return true }
        if Files.exists(path) {
            guard let former = try? read(), try records.auditHash(former.number) == former.hash
            else {
                return false
            }
            if former == head { return true }
        }
        try Files.writeAtomically(path, JWS.sign(head, typ: AuditDigest.typ, with: key))
        return true
    }
}
