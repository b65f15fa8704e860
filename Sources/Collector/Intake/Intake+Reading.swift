import Domain
import Platform
import Wire

extension Intake {
    /// Lines of a push.
    static let linesMax = 1024

    /// Verifies each line of a body.
    static func read(_ body: [UInt8], from agent: AgentRecord, now: Timestamp = .now) -> [Item] {
        guard let key = agent.jwk?.key else { return [] }
        let bounds = SenderBounds(agent: agent, now: now)
        return body[...].parts(between: 10).filter { !$0.isEmpty }.map { line in
            guard line.count <= Summary.bytesMax else {
                return .refused(seq: 0, problem: "too large")
            }
            let compact = String(decoding: line, as: UTF8.self)
            do {
                let jws = try JWS.parse(line)
                let claimed = (try? decodeJSON(Summary.self, jws.payload))
                do throws(JWS.Problem) {
                    guard jws.kid == agent.kid else { throw .signature }
                    _ = try jws.verified(by: key, typ: Summary.typ)
                } catch {
                    return .refused(seq: claimed?.seq ?? 0, problem: error.rawValue)
                }
                guard let summary = claimed, summary.isPlausible else {
                    return .refused(seq: claimed?.seq ?? 0, problem: "malformed")
                }
                guard summary.agent == agent.id, summary.system == agent.system else {
                    return .refused(seq: summary.seq, problem: "agent")
                }
                if let problem = bounds.problem(summary) {
                    return .refused(seq: summary.seq, problem: problem.rawValue)
                }
                return .summary(
                    summary, jws: compact, hash: JWS.digest(compact),
                    content: summary.contentDigest)
            } catch {
                let problem = (error as? JWS.Problem) ?? .malformed
                return .refused(seq: 0, problem: problem.rawValue)
            }
        }
    }
}
