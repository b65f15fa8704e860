import CollectorStore
import Domain
import Glibc
import Platform
import Wire

/// `chot-collector init`: makes root and authority in `DIR/root/` (to be moved offline), the online signing key, the
/// certificate of the TLS front, the signed key list and the configuration. It never overwrites anything.
struct Initialise {
    let state: String
    let listen: ListenAddress

    func run() throws {
        guard !Files.exists("\(state)/keys.jws") else {
            throw CommandFailure(
                .failed, "\(state) is a collector's state already; nothing was changed",
                vi: "\(state) đã là thư mục trạng thái của một máy chủ; không thay đổi gì")
        }
        try Self.makeState(state)
        try Files.makeFolder("\(state)/root")
        for folder in ["\(state)/run", "\(state)/collector.json5.d"] {
            try Files.makeFolder(folder, mode: 0o755)
            chmod(folder, 0o755)
        }

        let root = try Ed25519PrivateKey.generate()
        let signing = try Ed25519PrivateKey.generate()
        let authority = try CertificateAuthority.make(commonName: "Chot collector CA")
        let server = try authority.issueServerCertificate(
            commonName: "chot-collector", hosts: hosts(), days: 825)
        try PrivateJWK.save(root, to: "\(state)/root/root.key")
        try Files.writeAtomically("\(state)/root/ca.key", authority.privateKeyPEM)
        try PrivateJWK.save(signing, to: "\(state)/sign.key")
        try Files.writeAtomically("\(state)/ca.pem", authority.certificatePEM, mode: 0o644)
        try Files.writeAtomically("\(state)/server.pem", server.certificatePEM, mode: 0o644)
        try Files.writeAtomically("\(state)/server.key", server.privateKeyPEM)
        try writeConfig()
        _ = try SQLiteStore(path: "\(state)/collector.db")
        let rootJWK = JWK(root.publicKey)
        let list = KeyList(
            version: 1, collector: "chot-" + String(rootJWK.thumbprint.prefix(16)), root: rootJWK,
            signing: [JWK(signing.publicKey)], ca: authority.certificatePEM,
            issuedAt: Timestamp(milliseconds: WallClock.milliseconds()))
        // Written last, because its presence says that everything is there.
        try Files.writeAtomically(
            "\(state)/keys.jws", try JWS.sign(list, typ: KeyList.typ, with: root),
            mode: 0o644)
    }

    /// Makes the state folder with a mode that lets staff and nginx pass to the sockets in `run/` without seeing names.
    /// An existing folder stays as its owner made it (install-collector.sh: 0700, with sockets in /run).
    static func makeState(_ state: String) throws(FileError) {
        guard !Files.exists(state) else { return }
        try Files.makeFolder(state, mode: 0o755)
        chmod(state, 0o711)
    }

    private func hosts() -> [String] {
        guard case .tcp(let host, _) = listen else { return ["localhost"] }
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let own = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isAny = host == "0.0.0.0" || host == "::"
        return (isAny ? [] : [host]) + ["localhost", "127.0.0.1"] + (own.isEmpty ? [] : [own])
    }

    private func writeConfig() throws {
        let path = "\(state)/collector.json5"
        guard !Files.exists(path) else { return }
        try Files.writeAtomically(
            path,
            """
            // chot-collector; every key is explained in docs/en/operating.md. Drop-ins: collector.json5.d/*.json5
            {
              state: "\(state)",
              listen: "\(listen)",
              policy: { rules: {}, calendar: { office_from: 7, office_to: 18 } },
            }

            """, mode: 0o644)
    }
}
