import Domain
import Platform
import Seeds
import Wire

@testable import Agent
@testable import Platform

/// The network and the collector's front: honest by default, and in as many ways dishonest as `lies` says.
///
/// `@unchecked Sendable`: one simulation, one thread.
final class Network: Transport, @unchecked Sendable {
    enum Lie: String, CaseIterable {
        case unreachable, answerLost, busy, serverError, garbage
        case retry, resync, falseRefusal, setAside, refusedAfterCommit
        case twice, replayed, forgotten, wrongNext, skew
    }

    enum OrdersLie: String, CaseIterable { case unreachable, old, forged, silent, garbage }

    var collector: ModelCollector
    var book: OrdersBook
    /// Kinds of lies of this run, and how often one comes.
    var lies: [Lie] = []
    var ordersLies: [OrdersLie] = []
    var lieShare = 0.0
    /// What comes before chance decides: of the next pushes, and of the next epoch.
    var scripted: [Lie] = []
    var epochLie: Int?
    /// What a summary is refused by, in place of being counted; nil: nothing.
    var refusal: ((Summary) -> String?)?
    /// What a whole push, and a question for an epoch, are answered with.
    var pushProblem: HTTPProblem?
    var epochProblem: HTTPProblem?
    private(set) var pushes = 0
    var isDown = false
    let time: SimulatedTime
    let disk: Disk
    var chance: Chance
    /// Told of each summary that a push counted, for the checks.
    var didPush: (() -> Void)?
    private(set) var requests = 0
    private(set) var log: [String] = []
    private var former: [[UInt8]] = []

    init(
        collector: ModelCollector, book: OrdersBook, disk: Disk, time: SimulatedTime,
        chance: Chance
    ) {
        self.collector = collector
        self.book = book
        self.disk = disk
        self.time = time
        self.chance = chance
    }

    /// By how much the collector's clock is ahead.
    var offset: Int64 = 0
    /// Of its front, seconds since 1970; nil: none is shown.
    var certificate: ClosedRange<Int64>?

    private var now: Timestamp { Timestamp(milliseconds: time.now + offset) }
    func cancel() {}

    func perform(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientResponse {
        requests += 1
        // Time passes on the way, and the process may end on either side of what the collector does.
        time.now += Int64(chance.number(1...400))
        guard disk.pass() else { throw .cancelled }
        guard !isDown else { throw .unreachable(url: request.url, detail: "down") }
        if let certificate, let judged = request.verifyTime, !certificate.contains(judged) {
            throw .certificateTime(url: request.url, detail: "certificate has expired")
        }
        let path = String(request.url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })
        var response = try answer(path, request)
        response.certificate = certificate
        guard disk.pass() else { throw .cancelled }
        return response
    }

    private func answer(_ path: String, _ request: HTTPClientRequest) throws(HTTPClientError)
        -> HTTPClientResponse
    {
        if path != "/v1/keys", let refusal = unauthorised(request) { return refusal }
        switch path.prefix(while: { $0 != "?" }) {
        case "/v1/summaries": return try push(request.body ?? [])
        case "/v1/epoch": return try epoch(request.body ?? [])
        case "/v1/keys": return try orders("keys") { self.reply(self.book.newest("keys")) }
        case "/v1/policy": return try orders("policy") { self.reply(self.book.newest("policy")) }
        case "/v1/lockset": return try lockSets(path)
        default: return status(404)
        }
    }

    private func unauthorised(_ request: HTTPClientRequest) -> HTTPClientResponse? {
        let token = request.headers.first { $0.name == "Authorization" }?.value.dropFirst(7) ?? ""
        guard let jws = try? JWS.parse(token.utf8),
            let payload = try? jws.verified(by: collector.key, typ: AuthClaims.typ),
            let claims = try? decodeJSON(AuthClaims.self, payload),
            claims.sub == collector.agent.rawValue, claims.aud == "collector"
        else { return status(401) }
        let seconds = now.milliseconds / 1000
        if claims.iat - 60 <= seconds, seconds <= claims.exp + 5 { return nil }
        return skew(at: now)
    }

    private func problem(_ problem: HTTPProblem) -> HTTPClientResponse {
        note("problem \(problem.status) \(problem.kind)")
        return HTTPClientResponse(
            status: problem.status, body: (try? encodeJSON(problem)) ?? [], headerLines: [])
    }

    private func skew(at time: Timestamp) -> HTTPClientResponse {
        let problem = HTTPProblem(
            "clock-skew", status: 401, title: "Clock", detail: "skew", serverTime: time)
        return HTTPClientResponse(
            status: 401, body: (try? encodeJSON(problem)) ?? [], headerLines: [])
    }

    // MARK: pushes

    private func push(_ body: [UInt8]) throws(HTTPClientError) -> HTTPClientResponse {
        pushes += 1
        if let pushProblem { return problem(pushProblem) }
        let lie = nextLie()
        let lines = body.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
        note("push \(lines.count)\(lie.map { " \($0.rawValue)" } ?? "")")
        if former.count > 20 { former.removeFirst() }
        defer { former.append(body) }
        switch lie {
        case .unreachable: throw .timeout(url: "")
        case .busy:
            return status(503, ["Retry-After: \(chance.number(0...9))"])
        case .serverError: return status(chance.one(of: [500, 502, 404, 413]))
        case .garbage: return reply(chance.one(of: ["", "{}", "<html>", "{\"items\":[]"]))
        case .skew:
            return skew(at: now.advanced(byMilliseconds: chance.time(-99_999_999...99_999_999)))
        case .retry, .resync:
            let status: PushAnswer.Status = lie == .retry ? .retry : .resync
            return reply(answer(lines.map { item($0, status) }))
        case .falseRefusal:
            let problem = chance.one(of: ["fork", "epoch", "chain"])
            return reply(answer(lines.map { item($0, .refused, problem) }))
        case .replayed:
            if !former.isEmpty { _ = take(chance.one(of: former)) }
        case .twice: _ = take(body)
        default: break
        }
        let backup = collector
        let items = lie == .setAside ? takeSettingAside(lines) : take(body)
        didPush?()
        let told = items.map { "\($0.seq) \($0.status.rawValue) \($0.problem ?? "")" }
        note("  \(told.joined(separator: ", ")); next \(collector.epoch).\(collector.seq + 1)")
        switch lie {
        case .answerLost: throw .timeout(url: "")
        case .refusedAfterCommit:
            return reply(answer(lines.map { item($0, .refused, "fork") }))
        case .forgotten:
            let told = answer(items)
            collector = backup
            return reply(told)
        case .wrongNext:
            var told = answer(items)
            told.nextSeq = chance.one(of: [0, 1, told.nextSeq - 1, told.nextSeq + 5, -3])
            return reply(told)
        default: return reply(answer(items))
        }
    }

    private func nextLie() -> Lie? {
        if !scripted.isEmpty { return scripted.removeFirst() }
        guard lieShare > 0, !lies.isEmpty, chance.hits(lieShare) else { return nil }
        return chance.one(of: lies)
    }

    private func take(_ body: [UInt8]) -> [PushAnswer.Item] {
        body.split(separator: 10).map { line in
            let text = String(decoding: line, as: UTF8.self)
            if let summary = collector.read(text), summary.epoch == collector.epoch,
                let problem = refusal?(summary)
            {
                return .init(seq: summary.seq, status: .refused, problem: problem)
            }
            return collector.take(text)
        }
    }

    private func takeSettingAside(_ lines: [String]) -> [PushAnswer.Item] {
        let bad = chance.number(0...(lines.count - 1))
        return lines.enumerated().map { place, line in
            place == bad ? collector.refuseWrongly(line) : collector.take(line)
        }
    }

    private func item(_ line: String, _ status: PushAnswer.Status, _ problem: String? = nil)
        -> PushAnswer.Item
    {
        .init(seq: collector.read(line)?.seq ?? 0, status: status, problem: problem)
    }

    private func answer(_ items: [PushAnswer.Item]) -> PushAnswer {
        var answer = PushAnswer(
            items: items, epoch: collector.epoch, last: collector.last, nextSeq: collector.seq + 1,
            others: [],
            lockset: LockSetAnswer(),
            serverTime: now)
        answer.returns = collector.returns > 0 ? collector.returns : nil
        // What was told lies in the future, and the agent that told it does not know.
        if items.last?.problem == "quarantined",
            collector.coveredTo.milliseconds > now.milliseconds + 300_000
        {
            answer.returns = collector.returns + 1
        }
        return answer
    }

    private func epoch(_ body: [UInt8]) throws(HTTPClientError) -> HTTPClientResponse {
        guard let asked = try? decodeJSON(EpochRequest.self, body) else { return status(400) }
        if let epochProblem { return problem(epochProblem) }
        let byChance = lieShare > 0 && chance.hits(lieShare) ? chance.number(0...3) : -1
        let lie = epochLie ?? byChance
        epochLie = nil
        if lie == 0 { throw .timeout(url: "") }
        let former = collector.epoch
        let epoch = collector.newEpoch(after: asked.epoch)
        note("epoch \(epoch)\(lie >= 0 ? " lie \(lie)" : "")")
        switch lie {
        case 1: throw .timeout(url: "")
        case 2: return status(503)
        // A late answer to a question that was asked before.
        case 3:
            return reply(
                EpochAnswer(
                    epoch: max(1, former - Int64(chance.number(0...1))), last: collector.last))
        default: return reply(EpochAnswer(epoch: epoch, last: collector.last))
        }
    }

    // MARK: orders

    private func orders(_ name: String, _ honest: () -> HTTPClientResponse)
        throws(HTTPClientError) -> HTTPClientResponse
    {
        guard lieShare > 0, !ordersLies.isEmpty, chance.hits(lieShare) else { return honest() }
        let lie = chance.one(of: ordersLies)
        note("\(name) \(lie.rawValue)")
        switch lie {
        case .unreachable: throw .timeout(url: "")
        case .old where name == "lockset":
            return reply(
                LockSetAnswer(
                    nation: chance.one(of: book.issued["nation"] ?? [""]),
                    system: chance.one(of: book.issued["system"] ?? [""]),
                    policyVersion: Version(generation: 0, counter: 1)))
        case .old: return reply(chance.one(of: book.issued[name] ?? [""]))
        case .forged where name == "lockset":
            return reply(LockSetAnswer(system: try? book.forged("system", at: now, &chance)))
        case .forged: return reply((try? book.forged("system", at: now, &chance)) ?? "")
        case .silent: return status(304)
        case .garbage: return reply("{")
        }
    }

    private func lockSets(_ path: String) throws(HTTPClientError) -> HTTPClientResponse {
        try orders("lockset") {
            var answer = LockSetAnswer()
            for name in ["nation", "system"] {
                let newest = self.book.newest(name)
                let isHeld = path.contains("&\(name)=") && path.contains(JWS.digest(newest))
                if !isHeld {
                    if name == "nation" { answer.nation = newest } else { answer.system = newest }
                }
            }
            if !path.contains("&policy=\(self.book.policy.version)") {
                answer.policyVersion = self.book.policy.version
            }
            let isNew = answer.nation != nil || answer.system != nil || answer.policyVersion != nil
            return isNew ? self.reply(answer) : self.status(304)
        }
    }

    // MARK: answers

    private func reply(_ value: some Encodable) -> HTTPClientResponse {
        HTTPClientResponse(status: 200, body: (try? encodeJSON(value)) ?? [], headerLines: [])
    }

    private func reply(_ text: String) -> HTTPClientResponse {
        HTTPClientResponse(status: 200, body: [UInt8](text.utf8), headerLines: [])
    }

    private func status(_ status: Int, _ headers: [String] = []) -> HTTPClientResponse {
        HTTPClientResponse(status: status, body: [], headerLines: headers)
    }

    private func note(_ event: String) {
        log.append(event)
        if log.count > 40 { log.removeFirst() }
    }
}
