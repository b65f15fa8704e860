import Domain
import Platform
import Wire

/// Asked by the gateway for every query, over a local socket: 204 lets it pass, anything else refuses it. The
/// query is counted before the answer is given, in the stream of the system it belongs to.
struct AuthorizeEndpoint: Sendable {
    /// Of each system, in the order of the configuration.
    let places: [CheckpointPlace]
    /// Nil: one system.
    let router: SystemRouter?
    let config: AgentConfig
    let metrics: Metrics
    let clock: TrustedClock
    /// Where what was seen goes on to the query log and features; nil: nowhere.
    var sightings: SightingRing?

    func start() throws(FileError) -> HTTPServer {
        var options = HTTPServerOptions()
        options.bodyBytesMax = config.gateway?.bodyBytesMax ?? 256 << 10
        guard let allowed = Self.permission(nil), let sentOn = Self.permission(.npd),
            let sentOnce = Self.permission(.once)
        else {
            throw FileError(
                path: config.authorize.description, action: "start", detail: "no memory")
        }
        return try HTTPServer(listen: config.authorize, options: options) { request in
            let name = request.text(ofHeader: "X-Chot-Way")
            let way = name.flatMap { Way(rawValue: $0) }
            let fault = name == nil || way != nil ? nil : Self.fault(named: name)
            if var refusal = answer(request, fault) {
                if way != nil { sendAsFault(&refusal) }
                return .reply(refusal)
            }
            return .prepared(way == nil ? allowed : way == .npd ? sentOn : sentOnce)
        }
    }

    /// Where the gateway sends an allowed query on. It names one of its locations in `X-Chot-Way` and is told to
    /// go there; whoever asks without (`auth_request`, `forward_auth`) goes on by itself.
    private enum Way: String {
        case npd = "@npd"
        case once = "@npd_once"
    }

    private typealias GatewayFault = (problem: String, status: Int)

    /// What the gateway found instead of a way.
    private static func fault(named name: String?) -> GatewayFault {
        name == "malformed"
            ? (
                "a header that says who asks or how the body is to be read is there twice, is too long, or is not a client's to send",
                400
            ) : ("the body is longer than the gateway's buffer", 413)
    }

    private static func permission(_ way: Way?) -> HTTPPreparedReply? {
        var reply = HTTPReply(status: 204, headers: [("X-Chot-Verdict", "allow")])
        if let way { reply.headers.append(("X-Accel-Redirect", way.rawValue)) }
        return HTTPPreparedReply(reply)
    }

    /// Through the gateway a Fault goes out as 500 (SOAP 1.1, 6.2), unless `soapFaultStatus` is "verdict":
    /// common SOAP stacks throw away the body of any status but 200 and 500, and with it the reason.
    private func sendAsFault(_ refusal: inout HTTPReply) {
        guard config.mode == .soap, config.gateway?.faultIsAlways500 ?? true else { return }
        if [401, 403, 429].contains(refusal.status) { refusal.status = 500 }
    }

    /// Nil: allowed.
    private func answer(_ request: borrowing HTTPRequest, _ fault: GatewayFault?) -> HTTPReply? {
        var seen = Sighting(
            at: clock.now(), login: .unknown, service: .unknown,
            source: Self.plainAddress(bounded(request.text(ofHeader: "X-Real-IP"))))
        if sightings != nil || config.gateway?.onAgentDown == .pass {
            seen.requestID = bounded(request.text(ofHeader: "X-Request-Id"))
        }
        if let fault { return malformed(fault.problem, fault.status, &seen, request) }
        switch config.mode {
        case .headers:
            guard
                let login = request.text(ofHeader: "X-Chot-Account").flatMap({
                    Login($0.isEmpty ? "-" : $0)
                }),
                let service = request.text(ofHeader: "X-Chot-Service").flatMap({ ServiceName($0) })
            else {
                return malformed(
                    "X-Chot-Account or X-Chot-Service is missing or not a name", 400, &seen,
                    request)
            }
            (seen.login, seen.service) = (login, service)
            seen.subject = bounded(request.text(ofHeader: "X-Chot-Subject"))
            return route(request, "", officer: nil, &seen)
        case .soap:
            if let problem = Self.unsupported(request) {
                return malformed(problem, 415, &seen, request)
            }
            do {
                let reading = try SoapReader.read(request.body)
                (seen.login, seen.service) = (reading.login, reading.service)
                seen.subject = reading.subject
                seen.officer = reading.officer ?? ""
                seen.messageID = reading.messageID
                seen.serviceUnit = reading.serviceUnit
                return route(request, reading.integration, officer: reading.officer, &seen)
            } catch {
                let status = if case .xml(.encoding) = error { 415 } else { 400 }
                return malformed(error.description, status, &seen, request)
            }
        }
    }

    /// What a header says, as much of it as anything here keeps.
    private func bounded(_ text: String?) -> String {
        guard let text else { return "" }
        return text.utf8.count <= 128
            ? text : String(decoding: text.utf8.prefix(128), as: UTF8.self)
    }

    /// `officer`: as it stands in the query.
    func judge(_ seen: inout Sighting, officer: String?, _ checkpoint: Checkpoint) -> HTTPReply? {
        let query = Query(
            login: seen.login, service: seen.service, source: seen.source, at: seen.at,
            officer: officer.flatMap(checkpoint.hashed))
        let id = checkpoint.keepsIDs ? RequestID(seen.requestID) : nil
        switch checkpoint.judge(query, id: id) {
        case .allow:
            tell(seen)
            return nil
        case .refuse(let refusal):
            (seen.verdict, seen.reason) = (refusal.verdict, refusal.reason)
            tell(seen)
            let status = config.denyStatus == .always403 ? 403 : Self.status(refusal.verdict)
            var reply = refuse(refusal.verdict, refusal.code, refusal.message, status)
            if let seconds = refusal.retryAfterSeconds {
                reply.headers.append(("Retry-After", String(seconds)))
            }
            return reply
        case .cannotCount:
            metrics.add("chot_agent_storage_errors_total")
            return Self.cannotJudge
        }
    }

    private func tell(_ seen: Sighting) {
        places[seen.systemIndex].features?.note(seen)
        sightings?.put(seen)
    }

    private static func status(_ verdict: Verdict) -> Int {
        switch verdict {
        case .allow: 204
        case .throttle: 429
        case .challenge: 401
        case .deny: 403
        }
    }

    /// An IPv4 address in its own spelling, however it came to us; locks and limits know it by that.
    private static func plainAddress(_ text: String) -> String {
        guard text.hasPrefix("::ffff:"), text.utf8.contains(0x2E) else { return text }
        return String(text.dropFirst(7))
    }

    private static func unsupported(_ request: borrowing HTTPRequest) -> String? {
        let type = request.text(ofHeader: "Content-Type")
        let encoding = request.text(ofHeader: "Content-Encoding")
        // A header that cannot be read is not an absent one: the NPD's reader may find a charset in it.
        if type == nil, request.isUnreadable(header: "Content-Type") {
            return "Content-Type holds more than ASCII"
        }
        if encoding == nil, request.isUnreadable(header: "Content-Encoding") {
            return "Content-Encoding holds more than ASCII"
        }
        return unsupported(type, encoding)
    }

    /// As nearly all clients write it, so that it need not be taken apart for every query.
    private static let usualTypes = [
        "text/xml; charset=utf-8", "text/xml;charset=UTF-8", "text/xml; charset=UTF-8",
        "text/xml;charset=utf-8", "text/xml",
    ]

    /// What is not a plain UTF-8 XML body: an agent must not read less than the NPD does.
    static func unsupported(_ contentType: String?, _ encoding: String?) -> String? {
        if encoding == nil, let contentType, usualTypes.contains(contentType) { return nil }
        if let encoding, !["", "identity"].contains(encoding.lowercased()) {
            return "Content-Encoding \(shown(encoding)) is not read"
        }
        guard let contentType else { return nil }
        // Other bytes may be blanks or nothing to the NPD's reader, and a charset behind them be one.
        guard contentType.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 9 }) else {
            return "Content-Type \(shown(contentType)) holds more than ASCII"
        }
        let parts = contentType.lowercased().split(separator: ";").map {
            String($0.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" })
        }
        guard let type = parts.first, ["text/xml", "application/xml"].contains(type) else {
            return "Content-Type \(shown(contentType)) is no SOAP 1.1"
        }
        // "charset*=" is another way to write one (RFC 2231).
        for part in parts.dropFirst() where part.hasPrefix("charset") {
            guard ["=utf-8", "=utf8", "=us-ascii"].contains(part.dropFirst(7)) else {
                return "\(shown(part)) is not UTF-8"
            }
        }
        return nil
    }

    private func malformed(
        _ problem: String, _ status: Int, _ seen: inout Sighting, _ request: borrowing HTTPRequest
    ) -> HTTPReply {
        metrics.add("chot_agent_malformed_total")
        if let trouble = countMalformed(request, &seen) { return trouble }
        let message = MessageKey.refuseMalformed.text([
            "code": .same(String(status)), "problem": .same(shown(problem)),
        ])
        return refuse(.deny, String(status), message, status)
    }

    func refuse(_ verdict: Verdict, _ code: String, _ message: Localized, _ status: Int)
        -> HTTPReply
    {
        var reply =
            config.mode == .soap
            ? HTTPReply.text(
                SoapFault.text(message, code: code), status: status, type: "text/xml; charset=utf-8"
            )
            : problem(message, code, status)
        reply.headers += [("X-Chot-Verdict", verdict.rawValue), ("X-Chot-Reason", code)]
        return reply
    }

    private func problem(_ message: Localized, _ code: String, _ status: Int) -> HTTPReply {
        struct Body: Encodable {
            let type: String, title: String, status: Int, detail: String, message: Localized
        }
        let body = Body(
            type: "urn:chot:problem:refused", title: "Refused", status: status,
            detail: message.en, message: message)
        return HTTPReply(
            status: status, headers: [("Content-Type", "application/problem+json")],
            body: (try? encodeJSON(body)) ?? [])
    }
}

/// A SOAP 1.1 Fault with the refusal in both languages.
enum SoapFault {
    static func text(_ message: Localized, code: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>\
        <soapenv:Fault><faultcode>soapenv:Client.\(escaped(code))</faultcode>\
        <faultstring>\(escaped(message.vi)) / \(escaped(message.en))</faultstring>\
        <detail><chot:refusal xmlns:chot="urn:chot:refusal"><chot:reason>\(escaped(code))</chot:reason>\
        <chot:message xml:lang="vi">\(escaped(message.vi))</chot:message>\
        <chot:message xml:lang="en">\(escaped(message.en))</chot:message></chot:refusal></detail>\
        </soapenv:Fault></soapenv:Body></soapenv:Envelope>
        """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
