import CollectorStore
import Domain
import Platform
import Wire

/// Where the audit log stood when the collector last looked, signed, in a file beside the database: a log that
/// is cut short, or a database put back from a copy, does not agree with it.
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

    /// Nil when there is none; throws when it is not what this collector signed.
    package func read() throws -> AuditDigest? {
        guard Files.exists(path) else { return nil }
        return try Self.digest(try Files.read(path, bytesMax: 4096), by: key.publicKey)
    }

    /// Throws when it was not signed by that key.
    package static func digest(_ text: [UInt8], by key: Ed25519PublicKey) throws -> AuditDigest {
        try decodeJSON(
            AuditDigest.self, try JWS.parse(text).verified(by: key, typ: AuditDigest.typ))
    }

    /// False when the log no longer holds what was signed: that is never signed over.
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
