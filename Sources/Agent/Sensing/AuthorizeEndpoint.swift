import Domain
import Platform
import Wire

/// The gateway asks it for every query, over a local socket: 204 lets the query pass, anything else refuses it. The
/// query is counted before the answer is given, in the stream of its system.
struct AuthorizeEndpoint: Sendable {
    /// The checkpoint of each system, in the order of the configuration.
    let places: [CheckpointPlace]
    /// Nil when there is only one system.
    let router: SystemRouter?
    let config: AgentConfig
    let metrics: Metrics
    let clock: TrustedClock
    /// Takes what was seen to the query log and the features; nil when neither is kept.
    var sightings: SightingRing?

    /// The headers that are read besides the body; each may be there once.
    private static let headers = [
        "content-type", "content-encoding", "soapaction", "x-chot-account", "x-chot-service",
        "x-chot-subject", "x-chot-way", "x-real-ip", "x-request-id", listenHeader.lowercased(),
    ]

    func start() throws(FileError) -> HTTPServer {
        var options = HTTPServerOptions()
        options.bodyBytesMax = config.gateway?.bodyBytesMax ?? 256 << 10
        let read = HTTPHeaderNames(Self.headers + (router?.headerNames ?? []))
        guard let allowed = Self.permission(nil), let sentOn = Self.permission(.npd),
            let sentOnce = Self.permission(.once)
        else {
            throw FileError(
                path: config.authorize.description, action: .start, detail: "no memory",
                vi: "không đủ bộ nhớ")
        }
        return try HTTPServer(listen: config.authorize, options: options) { request in
            let name = request.text(ofHeader: "X-Chot-Way").map { Blanks.cut($0) } ?? ""
            let way = Way(rawValue: name)
            let fault = name.isEmpty || way != nil ? nil : Self.fault(named: name)
            if var refusal = answer(request, read, fault) {
                if way != nil { sendAsFault(&refusal) }
                return .reply(refusal)
            }
            return .prepared(way == nil ? allowed : way == .npd ? sentOn : sentOnce)
        }
    }

    /// Where the gateway sends an allowed query. The gateway names one of its locations in `X-Chot-Way` and is
    /// redirected there; a proxy that names none (`auth_request`, `forward_auth`) continues by itself.
    private enum Way: String {
        case npd = "@npd"
        case once = "@npd_once"
    }

    private typealias GatewayFault = (problem: Localized, status: Int)

    /// The fault that the gateway found, which it names instead of a way.
    private static func fault(named name: String) -> GatewayFault {
        switch name {
        case "malformed":
            (
                Localized(
                    vi: """
                        một tiêu đề cho biết ai hỏi, hỏi gì hoặc đọc nội dung thế nào có hai lần, quá dài, \
                        hoặc không phải của máy khách
                        """,
                    en: """
                        a header that says who asks, for what, or how the body is to be read is there \
                        twice, is too long, or is not a client's to send
                        """), 400
            )
        case "body-on-disk":
            (
                Localized(
                    vi: "nội dung dài hơn bộ đệm của cổng",
                    en: "the body is longer than the gateway's buffer"), 413
            )
        default:
            (
                Localized(
                    vi:
                        "X-Chot-Way \(shown(name)) không phải giá trị mà cổng gửi; cấu hình nginx và điểm chốt phải cùng phiên bản",
                    en:
                        "X-Chot-Way \(shown(name)) is nothing that the gateway sends; nginx's configuration and the agent must be of one version"
                ), 400
            )
        }
    }

    private static func permission(_ way: Way?) -> HTTPPreparedReply? {
        var reply = HTTPReply(status: 204, headers: [("X-Chot-Verdict", "allow")])
        if let way { reply.headers.append(("X-Accel-Redirect", way.rawValue)) }
        return HTTPPreparedReply(reply)
    }

    /// Makes a refusal through the gateway a Fault with status 500 (SOAP 1.1, 6.2), unless `soapFaultStatus` is
    /// "verdict": common SOAP stacks throw away the body of any status but 200 and 500, and the reason with it.
    private func sendAsFault(_ refusal: inout HTTPReply) {
        guard config.mode == .soap, config.gateway?.faultIsAlways500 ?? true else { return }
        if [401, 403, 429].contains(refusal.status) { refusal.status = 500 }
    }

    /// The refusal of a query; nil when it is allowed.
    private func answer(
        _ request: borrowing HTTPRequest, _ read: HTTPHeaderNames, _ fault: GatewayFault?
    ) -> HTTPReply? {
        var seen = Sighting(
            at: clock.now(), login: .unknown, service: .unknown, source: source(of: request))
        if sightings != nil || config.gateway?.onAgentDown == .pass {
            seen.requestID = bounded(request.text(ofHeader: "X-Request-Id"))
        }
        if let fault { return malformed(fault.problem, fault.status, &seen, request) }
        if let name = request.repeatedHeader(among: read) {
            return malformed(Self.twice(name), 400, &seen, request)
        }
        switch config.mode {
        case .headers:
            guard
                let login = request.text(ofHeader: "X-Chot-Account").map({ Blanks.cut($0) })
                    .flatMap({ Login($0.isEmpty ? "-" : $0) }),
                !Blanks.endsUnclear(login.rawValue),
                let service = request.text(ofHeader: "X-Chot-Service").flatMap({
                    ServiceName(Blanks.cut($0))
                }), !Blanks.endsUnclear(service.rawValue)
            else {
                let problem = Localized(
                    vi: "X-Chot-Account hoặc X-Chot-Service thiếu hoặc không phải là tên",
                    en: "X-Chot-Account or X-Chot-Service is missing or not a name")
                return malformed(problem, 400, &seen, request)
            }
            (seen.login, seen.service) = (login, service)
            seen.subject = Blanks.cut(bounded(request.text(ofHeader: "X-Chot-Subject")))
            noteSubject(
                SubjectDigits.areWhole(seen.subject, of: 12)
                    || SubjectDigits.areWhole(seen.subject, of: 9))
            return route(request, "", officer: nil, &seen)
        case .soap: return answerSoap(request, &seen)
        }
    }

    private func answerSoap(_ request: borrowing HTTPRequest, _ seen: inout Sighting) -> HTTPReply?
    {
        let type: ContentType
        do {
            type = try Self.contentType(request)
        } catch {
            return malformed(error.words, error.status, &seen, request)
        }
        let body = request.body
        if type.isASCII, body.contains(where: { $0 >= 0x80 }) {
            return malformed(Self.notASCII, 400, &seen, request)
        }
        do throws(SoapReader.Problem) {
            let reading = try SoapReader.read(body)
            (seen.login, seen.service) = (reading.login, reading.service)
            if let problem = Self.otherAction(request, type, reading.service) { throw problem }
            seen.subject = reading.subject
            seen.officer = reading.officer ?? ""
            seen.messageID = reading.messageID
            seen.serviceUnit = reading.serviceUnit
            noteSubject(reading.isSubjectWhole)
            return route(request, reading.integration, officer: reading.officer, &seen)
        } catch {
            let isOtherFormat =
                switch error {
                case .xml(.encoding), .soap12: true
                default: false
                }
            let status = isOtherFormat ? 415 : 400
            (seen.login, seen.service) = (.unknown, .unknown)
            return malformed(error.words, status, &seen, request)
        }
    }

    /// Counts a malformed subject number. The query continues, since the NPD finds nobody by such a number.
    private func noteSubject(_ isWhole: Bool) {
        if !isWhole { metrics.add("chot_agent_malformed_subjects_total") }
    }

    /// The client's address in its canonical spelling; empty when the proxy tells none. A text that is no address is
    /// reported and counts as none, since no limit or lock by address could bind it.
    private func source(of request: borrowing HTTPRequest) -> String {
        guard let text = request.text(ofHeader: "X-Real-IP") else { return "" }
        if let address = InternetAddress.spelling(Blanks.cut(text)) { return address }
        // nginx names a client on a unix socket so.
        if !["", "unix:"].contains(Blanks.cut(text)) {
            metrics.add("chot_agent_unread_addresses_total")
        }
        return ""
    }

    private static func twice(_ name: String) -> Localized {
        Localized(
            vi: "tiêu đề \(name) có hai lần, mỗi phần mềm có thể đọc một khác",
            en: "header \(name) is there twice; two programs may read different ones")
    }

    private static let notASCII = Localized(
        vi: "charset là us-ascii nhưng nội dung có ký tự khác",
        en: "charset is us-ascii, but the body holds other characters")

    /// A header's text, cut to what anything here keeps of it.
    private func bounded(_ text: String?) -> String {
        guard let text else { return "" }
        return text.utf8.count <= 128
            ? text : String(decoding: text.utf8.prefix(128), as: UTF8.self)
    }

    /// `officer` is as it stands in the query.
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

    /// What the headers say about the body.
    private static func contentType(_ request: borrowing HTTPRequest) throws(ContentType.Refusal)
        -> ContentType
    {
        let type = request.text(ofHeader: "Content-Type")
        let encoding = request.text(ofHeader: "Content-Encoding")
        if type == nil, request.isUnreadable(header: "Content-Type") {
            throw ContentType.unreadable("Content-Type")
        }
        if encoding == nil, request.isUnreadable(header: "Content-Encoding") {
            throw ContentType.unreadable("Content-Encoding")
        }
        return try ContentType(type, encoding: encoding)
    }

    /// The service that a header names differently from the body; nil when all agree.
    private static func otherAction(
        _ request: borrowing HTTPRequest, _ type: ContentType, _ service: ServiceName
    ) -> SoapReader.Problem? {
        let action = request.text(ofHeader: "SOAPAction")
        let isUnreadable = action == nil && request.isUnreadable(header: "SOAPAction")
        if isUnreadable || action.map({ !SoapReader.agrees($0, with: service) }) ?? false {
            return .action(service.rawValue, "SOAPAction")
        }
        if let action = type.action, !SoapReader.agrees(action, with: service) {
            return .action(service.rawValue, "Content-Type")
        }
        return nil
    }

    private func malformed(
        _ problem: Localized, _ status: Int, _ seen: inout Sighting,
        _ request: borrowing HTTPRequest
    ) -> HTTPReply {
        metrics.add("chot_agent_malformed_total")
        if let trouble = countMalformed(request, &seen) { return trouble }
        let message = MessageKey.refuseMalformed.text([
            "code": .same(String(status)), "problem": problem,
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
