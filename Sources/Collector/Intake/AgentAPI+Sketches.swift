import Domain
import Platform
import Wire

extension AgentAPI {
    /// `POST /v1/sketches`: taken only when the agent signed its hash in the counted summary it names, so that
    /// nobody can be blamed for a sketch that was made up later.
    func takeSketch(_ body: [UInt8], _ agent: AgentRecord) -> HTTPReply {
        guard body.count <= Limits.requestBytesMax,
            let request = try? decodeJSON(SketchRequest.self, body),
            let sketch = SystemSketch(text: request.sketch)
        else {
            return refuseSketch(
                "malformed", 400, "Malformed", "agent, epoch, seq and a sketch of the day")
        }
        guard request.agent == agent.id else {
            return refuseSketch(
                "agent", 403, "Refused", "the sketch is of another agent than the token")
        }
        let now = Timestamp.now
        do {
            let evidence = try server.store.read {
                try $0.evidence(agent.id, epoch: request.epoch, seq: request.seq)
            }
            guard let evidence else {
                return refuseSketch(
                    "no-summary", 404, "Not found",
                    "there is no summary \(request.epoch)/\(request.seq) of this agent")
            }
            let summary = try decodeJSON(
                Summary.self, try JWS.parse(evidence.jws.utf8).payload)
            let hash = Base64URL.encode(Digest.sha256([UInt8](request.sketch.utf8)))
            guard evidence.state == "counted", summary.sketchHash == hash,
                (summary.from.date.previous...summary.to.date).contains(sketch.date)
            else {
                return refuseSketch(
                    "sketch", 409, "Refused",
                    "summary \(request.epoch)/\(request.seq) did not sign this sketch")
            }
            let isNew = try server.store.write {
                try $0.keep(
                    sketch, agent.id, epoch: request.epoch, seq: request.seq, at: now)
            }
            server.metrics.add("chot_collector_sketches_total", "status=\"stored\"")
            return .json(try encodeJSON(SketchAnswer(isNew ? .stored : .superseded)))
        } catch { return unavailable(error) }
    }

    private func refuseSketch(_ kind: String, _ status: Int, _ title: String, _ detail: String)
        -> HTTPReply
    {
        server.metrics.add("chot_collector_sketches_total", "status=\"refused\"")
        return problem(HTTPProblem(kind, status: status, title: title, detail: detail))
    }
}
