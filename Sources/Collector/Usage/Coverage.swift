import CollectorStore
import CollectorValues
import Domain
import Platform

/// Tells which agents' intervals are contiguous, and what is missing (docs/domain.md#promise-3).
package struct Coverage {
    package let records: Records
    package let config: CollectorConfig
    package let question: UsageQuestion
    package let now: Timestamp

    package init(
        records: Records, config: CollectorConfig, question: UsageQuestion, now: Timestamp
    ) {
        self.records = records
        self.config = config
        self.question = question
        self.now = now
    }

    /// Time that is missing of an agent's.
    package struct Missing {
        package let agent: AgentID
        package let from: Timestamp
        package let to: Timestamp
        /// How many holes this stands for, with the time between them, if there are more than are told apart.
        var holes = 1

        package var json: JSONValue {
            var all: [String: JSONValue] = [
                "agent": .string(agent.rawValue), "from": .string(from.description),
                "to": .string(to.description),
            ]
            if holes > 1 { all["holes"] = .integer(Int64(holes)) }
            return .object(all)
        }

        package func words(_ language: Language) -> String {
            guard holes > 1 else { return "" }
            return language == .vi
                ? " (\(holes) khoảng thiếu và cả thời gian giữa các khoảng đó)"
                : " (\(holes) holes and the time between them)"
        }
    }

    package struct Result {
        package let expected: Int
        package let complete: Int
        package let completeTo: Timestamp?
        package let withoutAgent: [String]
        package let missing: [Missing]

        package init(
            expected: Int, complete: Int, completeTo: Timestamp?, withoutAgent: [String],
            missing: [Missing]
        ) {
            self.expected = expected
            self.complete = complete
            self.completeTo = completeTo
            self.withoutAgent = withoutAgent
            self.missing = missing
        }

        package var json: JSONValue {
            .object([
                "expected": .integer(Int64(expected)), "complete": .integer(Int64(complete)),
                "complete_to": completeTo.map { .string($0.description) } ?? .null,
                "without_agent": .array(withoutAgent.map { .string($0) }),
                "missing": .array(missing.map(\.json)),
            ])
        }

        /// Returns at most `countMax` missing times, in order. Each agent gets the same share, its longest times first.
        package func listed(_ countMax: Int) -> [Missing] {
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

        package func sentence(_ language: Language) -> String {
            func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
            var text = say(
                "mức đầy đủ của số liệu: \(complete)/\(expected) điểm chốt đầy đủ",
                "coverage: \(complete)/\(expected) agents complete")
            if let completeTo { text += say(" đến ", " to ") + completeTo.description }
            for gap in missing {
                text += say("\ncòn thiếu: ", "\nmissing: ") + shown(gap.agent.rawValue)
                text +=
                    say(" từ ", " from ") + "\(gap.from)" + say(" đến ", " to ") + "\(gap.to)"
                    + gap.words(language)
            }
            if !withoutAgent.isEmpty {
                text += say("\nchưa có điểm chốt: ", "\nwithout any agent: ")
                text += withoutAgent.map { shown($0) }.joined(separator: ", ")
            }
            return text
        }
    }

    /// At most so many missing times of one agent are told apart. A hostile agent can make ten thousand, and they must
    /// not hide those of others.
    static let gapsMax = 200

    /// Returns missing times in order, with those that overlap or touch made one. If there are more than `gapsMax`,
    /// those nearest to each other are merged, with the time between them, and counted; so more is said to be missing,
    /// never less. Exactly `gapsMax` are then returned, even if all are equally far apart.
    package static func folded(_ gaps: [Range<Timestamp>]) -> [(
        range: Range<Timestamp>, holes: Int
    )] {
        var plain: [Range<Timestamp>] = []
        for gap in gaps.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = plain.last, distance(last, gap) <= 0 {
                plain[plain.count - 1] = last.lowerBound..<max(last.upperBound, gap.upperBound)
            } else {
                plain.append(gap)
            }
        }
        let apart = zip(plain, plain.dropFirst()).map(distance)
        // The places after which a separate hole begins.
        let cuts = apart.indices.sorted { (apart[$1], $0) < (apart[$0], $1) }
            .prefix(gapsMax - 1).sorted()
        var told: [(range: Range<Timestamp>, holes: Int)] = []
        var first = 0
        for last in cuts + [plain.count - 1] where last >= first {
            told.append(
                (plain[first].lowerBound..<plain[last].upperBound, last - first + 1))
            first = last + 1
        }
        return told
    }

    private static func distance(_ gap: Range<Timestamp>, _ next: Range<Timestamp>) -> Int64 {
        next.lowerBound.milliseconds.subtracting(gap.upperBound.milliseconds)
    }

    package func run() throws -> Result {
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
            // An agent that was revoked before it ever spoke counted nothing, because its machine never began.
            !(agent.isRevoked && agent.lastSeen == nil) && concerned(agent.system)
                && agent.enrolledAt < asked ?? now.advanced(byMilliseconds: 1)
                && (start == nil || (agent.revokedAt ?? now) > start ?? now)
        }
        var missing: [Missing] = []
        var completeTo: Timestamp?
        var complete = 0
        for agent in agents {
            var own = gaps[agent.id] ?? []
            let end = min(asked ?? now, agent.revokedAt ?? now)
            // If no certain end is asked for, an agent is late only once its next summary is overdue.
            let patience =
                asked == nil || agent.revokedAt != nil
                ? agent.everyMilliseconds.multiplied(by: 2)
                    .adding(config.coverageGraceMilliseconds) : 0
            if agent.coveredTo.advanced(byMilliseconds: patience) < end {
                own.append(agent.coveredTo..<end)
            }
            if own.isEmpty { complete += 1 }
            let told = Self.folded(own)
            missing += told.map {
                Missing(
                    agent: agent.id, from: $0.range.lowerBound, to: $0.range.upperBound,
                    holes: $0.holes)
            }
            // A revoked agent that was complete to its end holds nobody back.
            if agent.isRevoked, own.isEmpty { continue }
            let contiguous = min(told.first?.range.lowerBound ?? agent.coveredTo, agent.coveredTo)
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
