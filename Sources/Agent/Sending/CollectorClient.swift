import Domain
import Platform
import Synchronization
import Wire

/// Sends requests to the collector with a bearer token. The token is made anew before it expires; one that the
/// collector has verified already costs neither side a signature. Thread-safe; one request at a time.
final class CollectorClient: Sendable {
    enum Failure: BilingualError {
        case transport(HTTPClientError)
        /// The collector answered with an error; `retryAfter` is in milliseconds.
        case status(Int, HTTPProblem?, retryAfter: Int64?)
        case malformed(String)

        var description: String {
            switch self {
            case .transport(let error): error.description
            case .status(let status, let problem, _):
                "the collector answered \(status)"
                    + (problem.map { " \($0.kind): \(shown($0.detail))" } ?? "")
            case .malformed(let what): "the collector's answer to \(what) cannot be read"
            }
        }

        /// The detail of a problem is meant for developers of agents, so it is English only.
        var vietnamese: String {
            switch self {
            case .transport(let error): error.vietnamese
            case .status(let status, let problem, _):
                "máy chủ tổng hợp trả lời \(status)" + (problem.map { " \($0.kind)" } ?? "")
            case .malformed(let what): "không đọc được trả lời của máy chủ tổng hợp cho \(what)"
            }
        }
    }

    private let transport: any Transport
    private let url: String
    private let identity: Identity
    private let key: Ed25519PrivateKey
    private let clock: TrustedClock
    private let contact: Contact
    /// When the collector's certificate is valid, in seconds since 1970.
    private let certificate = Mutex<ClosedRange<Int64>?>(nil)
    private let token = Mutex<(text: String, valid: ClosedRange<Int64>)?>(nil)

    /// A `transport` of nil means curl, with the authority and the proxy of the configuration.
    init(
        config: AgentConfig, identity: Identity, key: Ed25519PrivateKey, clock: TrustedClock,
        contact: Contact, transport: (any Transport)? = nil
    ) {
        var options = HTTPClientOptions()
        options.caFile = "\(config.state)/ca.pem"
        options.proxy = config.proxy
        self.transport = transport ?? HTTPClient(options)
        url = config.collectorURL
        self.identity = identity
        self.key = key
        self.clock = clock
        self.contact = contact
    }

    func cancel() { transport.cancel() }

    /// Takes the time that the collector told. Returns false when it cannot be believed, which is reported.
    @discardableResult
    func prove(_ time: Timestamp) -> Bool {
        if clock.prove(time, within: certificate.withLock { $0 }) { return true }
        let why = "its time \(time) lies outside the validity of its own certificate"
        contact.note(trouble: why)
        Log.error("the collector's clock is not believed", ["why": why])
        return false
    }

    /// `absent` is returned for the answer 304.
    func get<T: Decodable>(_ path: String, as type: T.Type, timeoutMilliseconds: Int = 30_000)
        throws(Failure) -> T?
    {
        let response = try send("GET", path, nil, "", timeoutMilliseconds)
        if response.status == 304 { return nil }
        return try decode(type, response, path)
    }

    /// Gets a compact JWS; nil for the answer 304.
    func getText(_ path: String) throws(Failure) -> String? {
        let response = try send("GET", path, nil, "", 30_000)
        return response.status == 304 ? nil : String(decoding: response.body, as: UTF8.self)
    }

    func post<T: Decodable>(_ path: String, _ body: [UInt8], type: String, as answer: T.Type)
        throws(Failure) -> T
    {
        try decode(answer, try send("POST", path, body, type, 30_000), path)
    }

    private func decode<T: Decodable>(
        _ type: T.Type, _ response: HTTPClientResponse, _ path: String
    )
        throws(Failure) -> T
    {
        guard let value = try? decodeJSON(type, response.body) else { throw .malformed(path) }
        return value
    }

    private func send(
        _ method: String, _ path: String, _ body: [UInt8]?, _ type: String,
        _ timeout: Int
    ) throws(Failure) -> HTTPClientResponse {
        do throws(Failure) {
            return try attempt(method, path, body, type, timeout)
        } catch {
            // A wrong clock is corrected once; later requests use the corrected time.
            guard case .status(401, let problem?, _) = error, problem.kind == "clock-skew",
                let time = problem.serverTime, prove(time)
            else { throw error }
            return try attempt(method, path, body, type, timeout)
        }
    }

    private func attempt(
        _ method: String, _ path: String, _ body: [UInt8]?, _ type: String,
        _ timeout: Int
    ) throws(Failure) -> HTTPClientResponse {
        guard let token = try? validToken(at: clock.collectorNow / 1000) else {
            throw .malformed("signing")
        }
        var headers = [(name: "Authorization", value: "Bearer \(token)")]
        if body != nil { headers.append(("Content-Type", type)) }
        let response: HTTPClientResponse
        do {
            response = try perform(
                HTTPClientRequest(
                    method, url + path, headers: headers, body: body, timeoutMilliseconds: timeout))
            certificate.withLock { $0 = response.certificate }
        } catch {
            if case .cancelled = error {} else { contact.note(trouble: error.description) }
            throw .transport(error)
        }
        if response.status == 200 || response.status == 304 {
            // Anybody gets the key list. Any other answer shows that our token was taken, and its time with it.
            if path != "/v1/keys" {
                clock.prove(within: response.certificate)
                contact.note(at: clock.now())
            }
            return response
        }
        if response.status == 401 { self.token.withLock { $0 = nil } }
        let retryAfter = response.header("Retry-After").flatMap { Int64($0) }.map {
            min(max($0, 0), 600) * 1000
        }
        let failure = Failure.status(
            response.status, try? decodeJSON(HTTPProblem.self, response.body),
            retryAfter: retryAfter)
        contact.note(trouble: failure.description)
        throw failure
    }

    /// A token for several requests, used while it has some time left by `now` (seconds of the collector's clock).
    private func validToken(at now: Int64) throws -> String {
        try token.withLock { token in
            if let token, token.valid.contains(now) { return token.text }
            let claims = AuthClaims(
                sub: identity.agent.rawValue, aud: identity.collector, iat: now,
                exp: now + Limits.tokenSeconds - 5)
            let text = try JWS.sign(claims, typ: AuthClaims.typ, with: key)
            token = (text, now...(claims.exp - 15))
            return text
        }
    }

    /// A certificate that fails only by its dates is judged by the other times that may be right, too: a wrong clock
    /// must not keep out the one who can tell the time (docs/decisions/0013).
    private func perform(_ request: HTTPClientRequest) throws(HTTPClientError)
        -> HTTPClientResponse
    {
        var request = request
        var failure: HTTPClientError?
        for time in clock.certificateTimes {
            request.verifyTime = time / 1000
            do throws(HTTPClientError) {
                return try transport.perform(request)
            } catch {
                guard case .certificateTime = error else { throw error }
                failure = failure ?? error
            }
        }
        throw failure ?? .cancelled
    }
}
