import CollectorValues
import Domain
import Platform
import Wire

extension AgentAPI {
    /// `POST /v1/summaries`: reads the push on this thread, or on another if it is long; then the push waits for the
    /// writer.
    func push(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        let body = request.body
        guard body.count(where: { $0 == 10 }) <= Intake.linesMax else {
            return .reply(
                .problem(
                    HTTPProblem(
                        "too-many", status: 400, title: "Too many",
                        detail: "at most \(Intake.linesMax) summaries, one a line")))
        }
        let place = request.held as? PushPlace
        var reading = PushReading(body, from: agent)
        if body.count <= LongReads.shortBytesMax {
            while reading.read(bytes: .max) {}
            guard !reading.items.isEmpty else { return .reply(Self.empty) }
            let pending = request.suspend()
            enqueue(reading.items, agent, place) { pending.complete($0) }
        } else {
            let pending = request.suspend()
            intake.longReads.add(
                LongPush(reading: reading) { items in
                    if items.isEmpty {
                        place?.leave()
                        return pending.complete(Self.empty)
                    }
                    enqueue(items, agent, place) { pending.complete($0) }
                })
        }
        return .later
    }

    private struct LongPush: LongRead {
        var reading: PushReading
        let isRead: @Sendable ([Intake.Item]) -> Void

        mutating func step() -> Bool {
            if reading.read(bytes: LongReads.stepBytes) { return true }
            isRead(reading.items)
            return false
        }
    }

    private static var empty: HTTPReply {
        .problem(
            HTTPProblem(
                "empty", status: 400, title: "Nothing to take",
                detail: "the body holds no summary; one compact JWS a line"))
    }

    private func enqueue(
        _ items: [Intake.Item], _ agent: AgentRecord, _ place: PushPlace?,
        answer: @escaping @Sendable (HTTPReply) -> Void
    ) {
        let push = Intake.Push(agent: agent.id, items: items, place: place, answer: answer)
        if !intake.queue.add(push) {
            place?.leave()
            answer(busy(agent))
        }
    }

    package func busy(_ agent: AgentRecord) -> HTTPReply {
        metrics.add("chot_collector_refused_total", "why=\"busy\"")
        return intake.unavailable
    }
}
