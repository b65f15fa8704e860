import Domain
import Platform
import Wire

/// Where the audit log stood when the collector last looked, signed, in a file beside the database: a log that
/// is cut short, or a database put back from a copy, does not agree with it.
struct AuditHead {
    let folder: String
    let key: Ed25519PrivateKey

    private var path: String { "\(folder)/audit-head.jws" }

    /// Nil when there is none; throws when it is not what this collector signed.
    func read() throws -> AuditDigest? {
        guard Files.exists(path) else { return nil }
        let jws = try JWS.parse(try Files.readText(path, bytesMax: 4096).utf8)
        return try decodeJSON(
            AuditDigest.self, try jws.verified(by: key.publicKey, typ: AuditDigest.typ))
    }

    /// False when the log no longer holds what was signed: that is never signed over.
    func renew(_ records: Records) throws -> Bool {
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
