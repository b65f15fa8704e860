import CollectorDelivery
import CollectorDetection
import CollectorEvidence
import CollectorRegistry
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// The endpoints that agents speak to (docs/wire-format.md#endpoints), behind nginx.
package struct AgentAPI: Sendable {
    package let intake: Intake
    package let authenticator: Authenticator
    package let keys: CollectorKeys
    let epochLimit = EpochLimit()

    package init(
        intake: Intake, authenticator: Authenticator, keys: CollectorKeys
    ) {
        self.intake = intake
        self.authenticator = authenticator
        self.keys = keys
    }

    package var metrics: Metrics { intake.metrics }
    private var delivery: Delivery { intake.delivery }

    /// Decides, before a body is read, whether the sender may bring one and whether there is room for it.
    package func refuse(before request: borrowing HTTPRequest) -> HTTPReply? {
        let path = request.path
        let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
        if path != "/v1/summaries", path != "/v1/held", length > Limits.requestBytesMax {
            return Self.tooLarge
        }
        if path == "/v1/enroll" { return nil }
        do throws(Authenticator.Refusal) {
            let agent = try authenticator.authenticate(request.header("Authorization"))
            let queue = intake.queue
            let isFull = path == "/v1/summaries" && (queue.isFull || queue.isBusy(agent.id))
            guard Self.methods[path] == "POST" else { return nil }
            guard !isFull, let place = queue.places.take(agent.id, path) else {
                return busy(agent)
            }
            request.hold(place)
            return nil
        } catch {
            return refuse(error)
        }
    }

    /// Answers the front's question about a token: 204, or the refusal. A refusal is counted and alerted here, because
    /// the request itself then never arrives.
    private func tokenCheck(_ request: borrowing HTTPRequest) -> HTTPReply {
        do throws(Authenticator.Refusal) {
            _ = try authenticator.authenticate(request.header("Authorization"))
            return .empty(204)
        } catch {
            return TokenQuestion.answer(error.problem, refuse(error))
        }
    }

    package static var tooLarge: HTTPReply {
        .problem(
            HTTPProblem(
                "too-large", status: 413, title: "Too large",
                detail: "at most \(Limits.requestBytesMax) bytes"))
    }

    package func answer(_ request: borrowing HTTPRequest) -> HTTPOutcome {
        switch (request.method, request.path) {
        case ("GET", "/v1/keys"):
            return .reply(.text(keys.signedList, type: "application/jose"))
        case ("POST", "/v1/enroll"): return enrol(request)
        case ("GET", TokenQuestion.path): return .reply(tokenCheck(request))
        default: break
        }
        let agent: AgentRecord
        do throws(Authenticator.Refusal) {
            agent = try authenticator.authenticate(request.header("Authorization"))
        } catch {
            return .reply(refuse(error))
        }
        let outcome = answer(request, of: agent)
        // The place is left before the answer is sent, because the agent may come again at once.
        if case .reply = outcome { (request.held as? PushPlace)?.leave() }
        return outcome
    }

    private func answer(_ request: borrowing HTTPRequest, of agent: AgentRecord) -> HTTPOutcome {
        switch (request.method, request.path) {
        case ("POST", "/v1/summaries"): return push(request, agent)
        case ("GET", "/v1/lockset"): return wait(request, agent)
        case ("GET", "/v1/policy"): return .reply(policy(request.query("have"), agent))
        case ("POST", "/v1/epoch"): return newEpoch(request, agent)
        case ("POST", "/v1/sketches"): return takeSketch(request, agent)
        case ("POST", "/v1/held"): return takeHeld(request, agent)
        default: return .reply(noSuch(request.path))
        }
    }

    private static let methods = [
        "/v1/keys": "GET", "/v1/enroll": "POST", "/v1/summaries": "POST", "/v1/lockset": "GET",
        "/v1/policy": "GET", "/v1/epoch": "POST", "/v1/sketches": "POST", "/v1/held": "POST",
    ]

    private func noSuch(_ path: String) -> HTTPReply {
        guard let method = Self.methods[path] else {
            return .problem(
                HTTPProblem(
                    "not-found", status: 404, title: "Not found",
                    detail: "there is no such endpoint"))
        }
        var reply = HTTPReply.problem(
            HTTPProblem(
                "method", status: 405, title: "Method not allowed", detail: "only \(method)"))
        reply.headers.append(("Allow", method))
        return reply
    }

    /// Leaves a change to the writer, which makes it in its next transaction.
    package func write(
        _ request: borrowing HTTPRequest, _ body: @escaping @Sendable (Records) throws -> HTTPReply
    ) -> HTTPOutcome {
        write(request.suspend(), request.held as? PushPlace, body)
        return .later
    }

    package func write(
        _ pending: HTTPPending, _ place: PushPlace?,
        _ body: @escaping @Sendable (Records) throws -> HTTPReply
    ) {
        let answer: @Sendable (HTTPReply) -> Void = { reply in
            place?.leave()
            pending.complete(reply)
        }
        if !intake.queue.add(Intake.Change(body: body, answer: answer)) {
            answer(intake.unavailable)
        }
    }

    private func wait(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        let seconds = min(max(Int64(request.query("wait") ?? "0") ?? 0, 0), Limits.waitSecondsMax)
        let holding = Delivery.Holding(
            nation: request.query("nation").flatMap { HeldVersion($0) },
            system: request.query("system").flatMap { HeldVersion($0) },
            policy: request.query("policy").flatMap { Version($0) },
            at: MonotonicClock.milliseconds())
        return delivery.wait(
            agent.id, agent.system, holding,
            deadline: MonotonicClock.milliseconds() + seconds * 1000,
            suspend: { request.suspend() })
    }

    private func policy(_ have: String?, _ agent: AgentRecord) -> HTTPReply {
        guard let policy = delivery.policy(agent.system) else {
            var reply = HTTPReply.problem(
                HTTPProblem(
                    "no-policy", status: 503, title: "Not ready",
                    detail: "the system has no policy yet"))
            reply.headers.append(("Retry-After", "5"))
            return reply
        }
        if have.flatMap({ Version($0) }) == policy.version { return .empty(304) }
        return .text(policy.jws, type: "application/jose")
    }

    private func enrol(_ request: borrowing HTTPRequest) -> HTTPOutcome {
        let body = request.body
        guard body.count <= Limits.requestBytesMax else { return .reply(Self.tooLarge) }
        let asked: EnrolRequest
        do {
            let jws = try JWS.parse(body)
            asked = try decodeJSON(EnrolRequest.self, jws.payload)
            guard let key = asked.jwk.key, jws.kid == asked.jwk.thumbprint,
                asked.host.utf8.count <= 255
            else {
                throw JWS.Problem.malformed
            }
            _ = try jws.verified(by: key, typ: EnrolRequest.typ)
        } catch {
            metrics.add("chot_collector_refused_total", "why=\"enrolment\"")
            return .reply(
                .problem(
                    HTTPProblem(
                        "malformed", status: 400, title: "Malformed",
                        detail: "the enrolment cannot be read or is not signed by its key")))
        }
        // This is read beside the writer, so that whoever has no token takes neither its time nor a place in its queue.
        do {
            guard try intake.store.read({ try heldToken(asked, $0) }) != nil else {
                return .reply(refused(Self.unknownToken))
            }
        } catch { return .reply(unavailable(error)) }
        return write(request) { try answerEnrolment(asked, $0) }
    }

    private func heldToken(_ asked: EnrolRequest, _ records: Records) throws
        -> Records.TokenRecord?
    {
        guard let token = try records.token(asked.id),
            constantTimeEqual(token.secretHash, Digest.sha256([UInt8](asked.secret.utf8)))
        else { return nil }
        return token
    }

    private static var unknownToken: CommandFailure {
        CommandFailure(.notAllowed, "the token is not known", vi: "không có mã ghi danh này")
    }

    private func refused(_ enrolment: CommandFailure) -> HTTPReply {
        metrics.add("chot_collector_refused_total", "why=\"enrolment\"")
        return .problem(
            HTTPProblem("enrolment", status: 403, title: "Refused", detail: enrolment.description))
    }

    private func answerEnrolment(_ asked: EnrolRequest, _ records: Records) throws -> HTTPReply {
        do {
            let agent = try enrol(asked, records)
            metrics.add("chot_collector_enrolments_total")
            return .json(
                try encodeJSON(
                    EnrolAnswer(
                        agent: agent.id, system: agent.system, collector: keys.collector,
                        epoch: agent.epoch,
                        enrolledAt: agent.enrolledAt, serverTime: .now)))
        } catch let failure as CommandFailure {
            return refused(failure)
        }
    }

    /// The same token and key get the same answer while the token is valid, so a lost answer does not use it up.
    private func enrol(_ request: EnrolRequest, _ records: Records) throws -> AgentRecord {
        guard let token = try heldToken(request, records) else { throw Self.unknownToken }
        guard token.expiresAt > .now else {
            throw CommandFailure(
                .notAllowed, "the token has expired; ask for a new one",
                vi: "mã ghi danh đã hết hạn; hãy xin mã mới")
        }
        if let used = token.usedKid {
            guard used == request.jwk.thumbprint, let id = token.agent,
                let agent = try records.agent(id)
            else {
                throw CommandFailure(
                    .notAllowed, "the token was used; ask for a new one",
                    vi: "mã ghi danh đã được dùng; hãy xin mã mới")
            }
            return agent
        }
        if try records.agent(kid: request.jwk.thumbprint) != nil {
            throw CommandFailure(
                .notAllowed, "this key is enrolled already; use a fresh state folder",
                vi: "khóa này đã ghi danh; hãy dùng thư mục trạng thái mới")
        }
        guard
            let agent = try records.enrol(
                request.jwk, token: request.id, system: token.system,
                host: request.host, at: .now)
        else {
            throw CommandFailure(
                .failed, "the agent could not be made",
                vi: "không tạo được điểm chốt")
        }
        try records.audit(
            agent.id.rawValue, "agent.enrol", agent.id.rawValue, shown(request.host), at: .now)
        return agent
    }

    private func refuse(_ refusal: Authenticator.Refusal) -> HTTPReply {
        metrics.add("chot_collector_refused_total", "why=\"\(refusal.why)\"")
        if let agent = refusal.signer { tell(refusal, of: agent) }
        var reply = HTTPReply.problem(refusal.problem)
        switch refusal.problem.status {
        case 401: reply.headers.append(("WWW-Authenticate", "Bearer"))
        case 503: reply.headers.append(("Retry-After", "5"))
        default: break
        }
        return reply
    }

    /// Alerts at most once a day. What is known to be told already costs no transaction.
    private func tell(_ refusal: Authenticator.Refusal, of agent: AgentRecord) {
        let isRevoked = refusal.why == "agent_revoked"
        let kind = isRevoked ? "key" : refusal.why == "token_expired" ? "clock" : "token"
        let day = Timestamp.now.date.description
        let told = "\(agent.id) \(kind) \(day)"
        guard authenticator.isNews(told) else { return }
        let change = Intake.Change { records in
            try Integrity(records: records, now: .now).found(
                kind, isRevoked ? .alertI1Key : .alertI1Token, agent,
                [
                    "problem": .same(refusal.problem.detail), "count": .same(1),
                    "revoked_at": .same(agent.revokedAt?.date.description ?? ""),
                ])
            return .empty(204)
        } answer: { [authenticator] reply in
            if reply.status != 204 { authenticator.isNews(again: told) }
        }
        if !intake.queue.add(change) { authenticator.isNews(again: told) }
    }

    package func unavailable(_ error: any Error) -> HTTPReply {
        metrics.add("chot_collector_storage_errors_total")
        Log.error("cannot store; the agent tries again", ["error": error])
        return .unavailable(seconds: 2)
    }
}

extension HTTPReply {
    package static func problem(_ problem: HTTPProblem) -> HTTPReply {
        HTTPReply(
            status: problem.status, headers: [("Content-Type", "application/problem+json")],
            body: (try? encodeJSON(problem)) ?? [])
    }
}
