import CollectorValues
import Domain
import Platform
import Wire

/// Posts letters as JSON. `Idempotency-Key` is the letter's stable id; `X-Chot-Signature` is `sha256=` and the
/// HMAC-SHA-256 of the exact body under the configured secret.
struct WebhookChannel: NotificationChannel {
    package let settings: NotifySettings.Webhook
    package let collector: String
    private let client: HTTPClient

    init(_ settings: NotifySettings.Webhook, collector: String) {
        self.settings = settings
        self.collector = collector
        var options = HTTPClientOptions()
        options.caFile = settings.caFile
        client = HTTPClient(options)
    }

    package var name: ChannelName { settings.name }
    package var minSeverity: Severity { settings.minSeverity }
    func cancel() { client.cancel() }

    func deliver(_ letter: Letter) throws(DeliveryProblem) {
        let request = try request(letter)
        let status: Int
        do {
            status = try client.perform(request).status
        } catch {
            // The error's own text names the whole address, which may contain a token.
            throw .away("\(settings.shownURL): \(Self.reason(error))")
        }
        switch status {
        case 200..<300: return
        // The other side refuses this body; it may take another one.
        case 400, 413, 415, 422:
            throw .refused("\(settings.shownURL) answered \(status) to \(letter.id)")
        default: throw .away("\(settings.shownURL) answered \(status)")
        }
    }

    package func request(_ letter: Letter) throws(DeliveryProblem) -> HTTPClientRequest {
        guard let body = try? encodeJSON(letter.json(collector: collector)) else {
            throw .refused("\(letter.id) cannot be written as JSON")
        }
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "application/json"), ("Idempotency-Key", letter.id),
            ("X-Chot-Event", letter.event), ("X-Chot-Severity", letter.severity.rawValue),
        ]
        if let file = settings.secretFile {
            // Read each time, so that a new secret is used at once.
            let secret: [UInt8]
            do {
                secret = try NotifySettings.secret(file)
            } catch { throw .away("\(error)") }
            let signature = Digest.hmacSHA256(key: secret, message: body)
            headers.append(("X-Chot-Signature", "sha256=" + Digest.hex(signature)))
        }
        return HTTPClientRequest(
            "POST", settings.url, headers: headers, body: body, timeoutMilliseconds: 15_000,
            bodyBytesMax: 1 << 20)
    }

    private static func reason(_ error: HTTPClientError) -> String {
        switch error {
        case .unreachable: "cannot be reached"
        case .timeout: "did not answer in time"
        case .tls, .certificateTime: "its certificate is not trusted (ca_file) or TLS failed"
        case .tooLarge: "its answer is too large"
        case .cancelled: "cancelled"
        }
    }
}
