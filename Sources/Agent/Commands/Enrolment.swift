import Domain
import Glibc
import Platform
import Wire

/// `chot-agent enroll`: makes the key here, proves it to the collector, and pins the collector's root.
struct Enrolment {
    let collectorURL: String
    let token: EnrolmentToken
    let state: String
    /// The authority of a proxy's or a public certificate, where the collector's own certificate is not the one shown.
    let caFile: String?
    /// `collector.proxy` of the configuration.
    var proxy: String?

    func run() throws -> Identity {
        try Files.makeFolder(state)
        let lock = try FileLock("\(state)/lock")
        defer { withExtendedLifetime(lock) {} }
        let keyPath = "\(state)/agent.key"
        // A second try after a lost answer must come with the same key.
        let key =
            Files.exists(keyPath) ? try PrivateJWK.load(keyPath) : try Ed25519PrivateKey.generate()
        try PrivateJWK.save(key, to: keyPath)
        let compact = try fetchKeys()
        let keys: KeyList
        do {
            keys = try KeyList.verified(compact, root: token.root)
        } catch {
            throw CommandFailure(
                .notAllowed,
                "\(collectorURL) is not the collector that issued this token: its keys are not signed by the pinned root",
                vi:
                    "\(collectorURL) không phải máy chủ đã cấp mã ghi danh này: danh sách khóa không do khóa gốc đã ghim ký"
            )
        }
        if let former = try? Identity.load(state), former.root != token.root {
            throw CommandFailure(
                .failed,
                "\(state) belongs to \(former.agent) of another collector; use another state folder",
                vi:
                    "\(state) thuộc \(former.agent) của máy chủ khác; hãy dùng thư mục trạng thái khác"
            )
        }
        try Files.writeAtomically(
            "\(state)/ca.pem", try caFile.map { try Files.readText($0) } ?? keys.ca)
        try Files.writeAtomically("\(state)/keys.jws", compact)
        let answer = try enrol(key, noEarlierThan: keys.issuedAt)
        let identity = Identity(
            agent: answer.agent, system: answer.system, collector: answer.collector,
            collectorURL: collectorURL, root: token.root, epoch: answer.epoch,
            enrolledAt: answer.enrolledAt, keepsOwnCA: caFile == nil ? nil : true)
        if Files.exists("\(state)/identity.json"), let former = try? Identity.load(state),
            former.agent != identity.agent || former.epoch != identity.epoch
        {
            throw CommandFailure(
                .failed, "\(state) already belongs to \(former.agent); use another state folder",
                vi: "\(state) đã thuộc \(former.agent); hãy dùng thư mục trạng thái khác")
        }
        try identity.save(state)
        return identity
    }

    /// Fetches the key list. It proves itself by the root's signature, so TLS needs no authority yet.
    private func fetchKeys() throws -> String {
        var options = HTTPClientOptions()
        options.verifyPeer = caFile != nil
        options.proxy = proxy
        options.caFile = caFile
        do {
            let response = try HTTPClient(options).perform(
                HTTPClientRequest(
                    "GET", "\(collectorURL)/v1/keys", bodyBytesMax: Limits.requestBytesMax))
            guard response.status == 200 else {
                throw CommandFailure(
                    .unavailable, "\(collectorURL)/v1/keys answered \(response.status)",
                    vi: "\(collectorURL)/v1/keys trả lời \(response.status)")
            }
            return String(decoding: response.body, as: UTF8.self)
        } catch let error as HTTPClientError {
            throw CommandFailure(
                .unavailable, error.description,
                vi: error.vietnamese)
        }
    }

    /// Sends the public key and returns the answer. `issued` is when the root signed the keys; a machine whose clock
    /// lies before that is wrong.
    private func enrol(_ key: Ed25519PrivateKey, noEarlierThan issued: Timestamp) throws
        -> EnrolAnswer
    {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let request = EnrolRequest(
            id: token.id, secret: token.secret, jwk: JWK(key.publicKey), host: host,
            version: AgentProgram.version)
        var options = HTTPClientOptions()
        options.caFile = "\(state)/ca.pem"
        options.proxy = proxy
        options.verifyTime = { max(WallClock.milliseconds(), issued.milliseconds) / 1000 }
        let response: HTTPClientResponse
        do {
            response = try HTTPClient(options).perform(
                HTTPClientRequest(
                    "POST", "\(collectorURL)/v1/enroll",
                    headers: [("Content-Type", "application/jose")],
                    body: [UInt8](try JWS.sign(request, typ: EnrolRequest.typ, with: key).utf8)))
        } catch {
            throw CommandFailure(
                .unavailable, "\(error)",
                vi: text(of: error, .vi))
        }
        guard response.status == 200 else {
            let problem = try? decodeJSON(HTTPProblem.self, response.body)
            throw CommandFailure(
                .notAllowed,
                "the collector refused the enrolment: \(shown(problem?.detail ?? "status \(response.status)"))",
                vi:
                    "máy chủ từ chối ghi danh: \(shown(problem?.detail ?? "status \(response.status)"))"
            )
        }
        return try decodeJSON(EnrolAnswer.self, response.body)
    }
}
