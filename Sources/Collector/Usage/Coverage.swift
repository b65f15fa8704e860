import Domain
import Platform

/// Which agents' intervals are contiguous, and what is missing (docs/domain.md#promise-3).
struct Coverage {
    let records: Records
    let config: CollectorConfig
    let question: UsageQuestion
    let now: Timestamp

    struct Result {
        let expected: Int
        let complete: Int
        let completeTo: Timestamp?
        let withoutAgent: [String]
        let missing: [(agent: AgentID, from: Timestamp, to: Timestamp)]

        var json: JSONValue {
            .object([
                "expected": .integer(Int64(expected)), "complete": .integer(Int64(complete)),
                "complete_to": completeTo.map { .string($0.description) } ?? .null,
                "without_agent": .array(withoutAgent.map { .string($0) }),
                "missing": .array(
                    missing.map {
                        .object([
                            "agent": .string($0.agent.rawValue),
                            "from": .string($0.from.description),
                            "to": .string($0.to.description),
                        ])
                    }),
            ])
        }

        /// So many of what is missing, in its order: of each agent as many as of the others, the longest first taken.
        func listed(_ countMax: Int) -> [(agent: AgentID, from: Timestamp, to: Timestamp)] {
            var seen: [AgentID: Int] = [:]
            let ranked = missing.indices.sorted { a, b in
                let (one, other) = (missing[a], missing[b])
                return (other.to.milliseconds - other.from.milliseconds, a)
                    < (one.to.milliseconds - one.from.milliseconds, b)
            }.map { index -> (turn: Int, index: Int) in
                let turn = seen[missing[index].agent, default: 0]
                seen[missing[index].agent] = turn + 1
                return (turn, index)
            }
            let chosen = ranked.enumerated().sorted {
                ($0.element.turn, $0.offset) < ($1.element.turn, $1.offset)
            }.prefix(countMax).map(\.element.index)
            return chosen.sorted().map { missing[$0] }
        }

        func sentence(_ language: Language) -> String {
            func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
            var text = say(
                "mức đầy đủ của số liệu: \(complete)/\(expected) điểm chốt đầy đủ",
                "coverage: \(complete)/\(expected) agents complete")
            if let completeTo { text += say(" đến ", " to ") + completeTo.description }
            for gap in missing {
                text += say("\ncòn thiếu: ", "\nmissing: ") + shown(gap.agent.rawValue)
                text += say(" từ ", " from ") + "\(gap.from)" + say(" đến ", " to ") + "\(gap.to)"
            }
            if !withoutAgent.isEmpty {
                text += say("\nchưa có điểm chốt: ", "\nwithout any agent: ")
                text += withoutAgent.map { shown($0) }.joined(separator: ", ")
            }
            return text
        }
    }

    /// Of one agent so many times are told apart: a hostile one makes holes by the ten thousand, and they must not hide those
    /// of others.
    static let gapsMax = 200

    /// In their order; what overlaps or touches is one. Of more than `gapsMax` those nearest to each other are told as one, with
    /// the time between them: more is said to be missing, never less.
    static func folded(_ gaps: [Range<Timestamp>]) -> [Range<Timestamp>] {
        func joined(_ all: [Range<Timestamp>], _ near: Int64) -> [Range<Timestamp>] {
            all.reduce(into: []) { told, gap in
                guard let last = told.last, distance(last, gap) <= near else {
                    return told.append(gap)
                }
                told[told.count - 1] = last.lowerBound..<max(last.upperBound, gap.upperBound)
            }
        }
        let plain = joined(gaps.sorted { $0.lowerBound < $1.lowerBound }, 0)
        guard plain.count > gapsMax else { return plain }
        let apart = zip(plain, plain.dropFirst()).map(distance).sorted(by: >)
        return joined(plain, apart[gapsMax - 1])
    }

    private static func distance(_ gap: Range<Timestamp>, _ next: Range<Timestamp>) -> Int64 {
        next.lowerBound.milliseconds.subtracting(gap.upperBound.milliseconds)
    }

    func run() throws -> Result {
        let start = question.from
        let asked = question.to.map { min($0, now) }
        let concerned: (SystemCode) -> Bool = { system in
            (question.unit == nil || system.unit.rawValue == question.unit)
                && (question.system == nil || system.rawValue == question.system)
        }
        let all = try records.agents()
        let gaps = try records.gaps(
            after: start, before: asked ?? now,
            ofSystem: question.system.map { SystemCode(unchecked: $0) })
        let agents = all.filter { agent in
            // One that was revoked before it ever spoke counted nothing: its machine never began.
            !(agent.isRevoked && agent.lastSeen == nil) && concerned(agent.system)
                && agent.enrolledAt < asked ?? now.advanced(byMilliseconds: 1)
                && (start == nil || (agent.revokedAt ?? now) > start ?? now)
        }
        var missing: [(agent: AgentID, from: Timestamp, to: Timestamp)] = []
        var completeTo: Timestamp?
        var complete = 0
        for agent in agents {
            var own = gaps[agent.id] ?? []
            let end = min(asked ?? now, agent.revokedAt ?? now)
            // Without a wish for a certain end, an agent is late only when its next summary is overdue.
            let patience =
                asked == nil || agent.revokedAt != nil
                ? agent.everyMilliseconds.multiplied(by: 2)
                    .adding(config.coverageGraceMilliseconds) : 0
            if agent.coveredTo.advanced(byMilliseconds: patience) < end {
                own.append(agent.coveredTo..<end)
            }
            if own.isEmpty { complete += 1 }
            own = Self.folded(own)
            missing += own.map { (agent.id, $0.lowerBound, $0.upperBound) }
            // One that was complete to its own end holds nobody back.
            if agent.isRevoked, own.isEmpty { continue }
            let contiguous = min(own.first?.lowerBound ?? agent.coveredTo, agent.coveredTo)
            completeTo = completeTo.map { min($0, contiguous) } ?? contiguous
        }
        let served = Set(all.filter { !$0.isRevoked }.map(\.system))
        let without = try records.systems().map(\.code).filter {
            concerned($0) && !served.contains($0)
        }
        return Result(
            expected: agents.count, complete: complete, completeTo: completeTo,
            withoutAgent: without.map(\.rawValue), missing: missing)
    }
}
