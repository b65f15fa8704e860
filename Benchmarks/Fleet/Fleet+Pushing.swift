import Domain
import Platform
import Wire

extension Fleet {
    /// Sends what waits, one push of an agent at a time.
    func push(_ agent: FleetAgent) throws {
        guard !agent.isPushing, !agent.isAway, !agent.isIdle else { return }
        let batch = try agent.nextLines(text, countMax: Self.batchMax)
        let lines = try batch.map { try agent.line($0, text) }
        agent.isPushing = true
        let isLate = isDraining
        let isSlow = settings.slow > 0 && chance.hits(settings.slow)
        try post("/v1/summaries", lines.joined(separator: "\n"), agent, isSlow ? 2000 : 0) {
            [self] result, latency in
            agent.isPushing = false
            guard let body = taken(result, agent) else { return retry(agent, result) }
            if isLate { figures.pushesDraining += 1 } else { figures.latencies.add(latency) }
            guard let answer = try? decodeJSON(PushAnswer.self, body) else {
                figures.errors["answer", default: 0] += 1
                return retry(agent, result)
            }
            agent.failures = 0
            take(answer, of: batch, agent)
        }
    }

    private func take(_ answer: PushAnswer, of batch: [FleetInterval], _ agent: FleetAgent) {
        var needsEpoch = answer.epoch != agent.epoch
        for (interval, item) in zip(batch, answer.items) {
            figures.statuses[item.status.rawValue, default: 0] += 1
            switch item.status {
            case .accepted, .duplicate:
                if item.problem == "quarantined" { figures.errors["quarantined", default: 0] += 1 }
                agent.acknowledge(interval)
                count(interval, agent, 1)
            case .refused:
                figures.errors["refused \(item.problem ?? "?")", default: 0] += 1
                needsEpoch = true
            case .resync, .retry: break
            }
        }
        adopt(answer.lockset, agent, isNews: false)
        let expected = agent.waiting.first?.seq ?? agent.seq + 1
        if !needsEpoch, answer.nextSeq < expected {
            if let again = agent.sendAgain(from: answer.nextSeq) {
                for interval in again { count(interval, agent, -1) }
            } else {
                needsEpoch = true
            }
        }
        if needsEpoch { return newEpoch(agent) }
        misbehave(agent)
        if !agent.isIdle { soon(agent, 0) }
    }

    private func count(_ interval: FleetInterval, _ agent: FleetAgent, _ sign: Int64) {
        let queries = text.total(interval, agent.number)
        figures.summaries += Int(sign)
        totals.add(sign * queries, agent.system, interval.from.hourStart)
    }

    private func newEpoch(_ agent: FleetAgent) {
        let request = EpochRequest(epoch: agent.epoch, lastSeq: agent.seq, lastHash: agent.prev)
        guard let body = try? encodeJSON(request) else { return }
        agent.isPushing = true
        figures.statuses["epoch", default: 0] += 1
        try? post("/v1/epoch", String(decoding: body, as: UTF8.self), agent, 0) {
            [self] result, _ in
            agent.isPushing = false
            guard let body = taken(result, agent),
                let answer = try? decodeJSON(EpochAnswer.self, body), answer.epoch > agent.epoch
            else { return retry(agent, result) }
            for interval in agent.begin(epoch: answer.epoch, last: answer.last) {
                count(interval, agent, -1)
            }
            soon(agent, 0)
        }
    }

    /// What no honest agent does, and what must change nothing: the same again, other bytes under a number that was used,
    /// a number left out.
    private func misbehave(_ agent: FleetAgent) {
        guard let last = agent.kept.last, last.epoch == agent.epoch else { return }
        var lines: [(line: String, expected: PushAnswer.Status)] = []
        if settings.replays > 0, chance.hits(settings.replays),
            let line = try? agent.line(last, text)
        {
            lines.append((line, .duplicate))
        }
        if settings.forks > 0, chance.hits(settings.forks),
            let line = try? agent.line(last, text, fork: true)
        {
            lines.append((line, .refused))
        }
        if settings.gaps > 0, chance.hits(settings.gaps) {
            var far = last
            far.seq = agent.seq + 50
            if let line = try? agent.line(far, text) { lines.append((line, .resync)) }
        }
        guard !lines.isEmpty else { return }
        agent.isPushing = true
        let body = lines.map(\.line).joined(separator: "\n")
        try? post("/v1/summaries", body, agent, 0) { [self] result, _ in
            agent.isPushing = false
            if let body = taken(result, agent),
                let answer = try? decodeJSON(PushAnswer.self, body)
            {
                for (sent, item) in zip(lines, answer.items) {
                    figures.statuses["wrong \(item.status.rawValue)", default: 0] += 1
                    // A collector restored meanwhile may know neither number.
                    if item.status != sent.expected {
                        figures.errors["wrong taken as \(item.status.rawValue)", default: 0] += 1
                    }
                }
            }
            soon(agent, 0)
        }
    }

    // MARK: requests

    func soon(_ agent: FleetAgent, _ milliseconds: Int64) {
        guard !agent.isIdle else { return }
        wheel.add(
            .push, of: agent.number, at: MonotonicClock.milliseconds() + milliseconds)
    }

    private func retry(
        _ agent: FleetAgent, _ result: Result<HTTPClientResponse, HTTPClientError>
    ) {
        agent.failures += 1
        var pause = Int64(min(30_000, 500 << min(agent.failures, 6)))
        pause = pause / 2 + chance.number(below: pause)
        if case .success(let response) = result,
            let seconds = response.header("Retry-After").flatMap({ Int64($0) })
        {
            figures.retryAfters += 1
            pause = max(1, seconds) * 1000 + chance.number(below: 500)
        }
        soon(agent, pause)
    }

    /// The body of a good answer; what else came is counted, and a wrong clock corrected.
    func taken(_ result: Result<HTTPClientResponse, HTTPClientError>, _ agent: FleetAgent)
        -> [UInt8]?
    {
        switch result {
        case .failure(let error):
            let kind: String
            if case .timeout = error { kind = "timeout" } else { kind = "unreachable" }
            figures.errors[kind, default: 0] += 1
            return nil
        case .success(let response):
            if response.status == 200 || response.status == 304 { return response.body }
            figures.errors["\(response.status)", default: 0] += 1
            if response.status == 401,
                let problem = try? decodeJSON(HTTPProblem.self, response.body),
                problem.kind == "clock-skew", let time = problem.serverTime
            {
                agent.correct(by: time)
            }
            return nil
        }
    }

    func post(
        _ path: String, _ body: String, _ agent: FleetAgent, _ bytesPerSecond: Int64 = 0,
        _ done: @escaping (Result<HTTPClientResponse, HTTPClientError>, Int64) -> Void
    ) throws {
        let begun = MonotonicClock.milliseconds()
        let isPush = path == "/v1/summaries"
        figures.bytes += body.utf8.count
        let request = HTTPClientRequest(
            "POST", settings.apiURL + path,
            headers: [
                ("Authorization", try agent.bearer(collector)),
                ("Content-Type", isPush ? "application/jose" : "application/json"),
            ], body: [UInt8](body.utf8), timeoutMilliseconds: 60_000)
        if isPush { pushesRunning += 1 }
        // Pushes of many agents share connections, as behind nginx.
        client.start(
            request, settings.api, lane: 1_000_000 + agent.number % 512,
            bytesPerSecond: bytesPerSecond
        ) { [self] result in
            if isPush { pushesRunning -= 1 }
            done(result, MonotonicClock.milliseconds() - begun)
        }
    }
}
