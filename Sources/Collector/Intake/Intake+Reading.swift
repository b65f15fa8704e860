import CollectorRegistry
import CollectorValues
import Domain
import Platform
import Wire

extension Intake {
    /// The most lines of a push.
    static let linesMax = 1024

    /// Verifies each line of a body. Bad lines become items that say so.
    package static func read(_ body: [UInt8], from agent: AgentRecord, now: Timestamp = .now)
        -> [Item]
    {
        var reading = PushReading(body, from: agent, now: now)
        while reading.read(bytes: .max) {}
        return reading.items
    }
}

/// Verifies a body line by line, some lines in each call.
package struct PushReading: Sendable {
    private let agent: AgentRecord
    private let key: Ed25519PublicKey?
    private let bounds: SenderBounds
    private let lines: [ArraySlice<UInt8>]
    private var place = 0
    private(set) var items: [Intake.Item] = []

    package init(_ body: [UInt8], from agent: AgentRecord, now: Timestamp = .now) {
        self.agent = agent
        key = agent.jwk?.key
        bounds = SenderBounds(agent: agent, now: now)
        lines = body[...].parts(between: 10).filter { !$0.isEmpty }
    }

    /// Verifies at least one line, and more until `bytes` have been read. Returns false when none are left.
    package mutating func read(bytes: Int) -> Bool {
        guard let key else { return false }
        var left = bytes
        while place < lines.count, left > 0 {
            left -= lines[place].count
            items.append(read(lines[place], key))
            place += 1
        }
        return place < lines.count
    }

    private func read(_ line: ArraySlice<UInt8>, _ key: Ed25519PublicKey) -> Intake.Item {
        guard line.count <= Summary.bytesMax else { return .refused(seq: 0, problem: "too large") }
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
                summary, jws: compact, hash: JWS.digest(compact), content: summary.contentDigest)
        } catch {
            return .refused(seq: 0, problem: error.rawValue)
        }
    }
}
