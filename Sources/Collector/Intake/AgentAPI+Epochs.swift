import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// `POST /v1/epoch`: gives an agent a new epoch to number its summaries by (docs/wire-format.md#epoch).
extension AgentAPI {
    /// An agent claims an epoch that it cannot have.
    struct EpochAhead: Error {
        package let asked: Int64
        package let most: Int64

        package var problem: HTTPProblem {
            HTTPProblem(
                "epoch-ahead", status: 409, title: "No such epoch",
                detail:
                    "this agent cannot be at epoch \(asked): the highest it may have is \(most); enrol it anew"
            )
        }
    }

    /// Gives an epoch that is higher than any that either side knows.
    func newEpoch(_ request: borrowing HTTPRequest, _ agent: AgentRecord) -> HTTPOutcome {
        let body = request.body
        guard body.count <= Limits.requestBytesMax else { return .reply(Self.tooLarge) }
        guard let asked = try? decodeJSON(EpochRequest.self, body), asked.epoch >= 0 else {
            return .reply(
                .problem(
                    HTTPProblem(
                        "malformed", status: 400, title: "Malformed",
                        detail: "epoch, last_seq, last_hash")))
        }
        if let seconds = epochLimit.take(agent.id) {
            metrics.countRefusal("epoch_rate")
            var reply = HTTPReply.problem(
                HTTPProblem(
                    "too-many-epochs", status: 429, title: "Too many",
                    detail: "one new epoch after another; the next one in \(seconds) s"))
            reply.headers.append(("Retry-After", "\(seconds)"))
            return .reply(reply)
        }
        return write(request) { records in
            do {
                guard let answer = try newEpoch(asked, agent.id, records) else {
                    return .problem(Authenticator.revoked)
                }
                return .json(try encodeJSON(answer))
            } catch let ahead as EpochAhead {
                metrics.countRefusal("epoch_ahead")
                return .problem(ahead.problem)
            }
        }
    }

    /// Returns nil if the agent was revoked meanwhile. Throws `EpochAhead` before anything is written.
    func newEpoch(
        _ asked: EpochRequest, _ agent: AgentID, _ records: Records, at now: Timestamp = .now
    )
        throws -> EpochAnswer?
    {
        guard var current = try records.agent(agent), !current.isRevoked else { return nil }
        let most = EpochLimit.highest(of: current, at: now)
        guard asked.epoch <= most else { throw EpochAhead(asked: asked.epoch, most: most) }
        let epoch = max(current.epoch, asked.epoch).adding(1)
        current.epoch = epoch
        current.seq = 0
        current.lastHash = ""
        try records.save(current, seen: .now, skew: current.skewMilliseconds)
        try records.audit(
            agent.rawValue, "agent.epoch", agent.rawValue,
            "epoch \(epoch) after \(asked.epoch), last seq \(asked.lastSeq)", at: .now)
        return EpochAnswer(epoch: epoch, last: try records.lastEvidence(current))
    }
}
