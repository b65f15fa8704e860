import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension AgentAPI {
    /// `POST /v1/sketches`: takes a sketch only if the agent signed its hash in the counted summary that it names, so
    /// that nobody can be blamed for a sketch that was made up later.
    func takeSketch(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        do {
            let (sketch, number) = try signedSketch(request.body, agent)
            return write(request) { records in
                let isNew = try records.keep(
                    sketch, agent.id, epoch: number.epoch, seq: number.seq, at: .now)
                intake.metrics.add("chot_collector_sketches_total", "status=\"stored\"")
                return .json(try encodeJSON(SketchAnswer(isNew ? .stored : .superseded)))
            }
        } catch let problem as HTTPProblem {
            intake.metrics.add("chot_collector_sketches_total", "status=\"refused\"")
            return .reply(.problem(problem))
        } catch { return .reply(unavailable(error)) }
    }

    private func signedSketch(_ body: [UInt8], _ agent: AgentRecord) throws -> (
        SystemSketch, SummaryNumber
    ) {
        guard body.count <= Limits.requestBytesMax,
            let request = try? decodeJSON(SketchRequest.self, body),
            let sketch = SystemSketch(text: request.sketch)
        else {
            throw HTTPProblem(
                "malformed", status: 400, title: "Malformed",
                detail: "agent, epoch, seq and a sketch of the day")
        }
        guard request.agent == agent.id else {
            throw HTTPProblem(
                "agent", status: 403, title: "Refused",
                detail: "the sketch is of another agent than the token")
        }
        let evidence = try intake.store.read {
            try $0.evidence(agent.id, epoch: request.epoch, seq: request.seq)
        }
        guard let evidence else {
            throw HTTPProblem(
                "no-summary", status: 404, title: "Not found",
                detail: "there is no summary \(request.epoch)/\(request.seq) of this agent")
        }
        let summary = try decodeJSON(Summary.self, try JWS.parse(evidence.jws.utf8).payload)
        let hash = Base64URL.encode(Digest.sha256([UInt8](request.sketch.utf8)))
        guard evidence.state == "counted", summary.sketchHash == hash,
            (summary.from.date.previous...summary.to.date).contains(sketch.date)
        else {
            throw HTTPProblem(
                "sketch", status: 409, title: "Refused",
                detail: "summary \(request.epoch)/\(request.seq) did not sign this sketch")
        }
        return (sketch, SummaryNumber(epoch: request.epoch, seq: request.seq))
    }
}
