import Domain
import Testing
@testable import CollectorDetection
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Coverage of an agent that makes holes by the thousand") struct CoverageFloodTests {
    private func gap(_ from: Int64, _ to: Int64) -> Range<Timestamp> {
        Timestamp(milliseconds: from)..<Timestamp(milliseconds: to)
    }

    @Test("what touches or overlaps is one, also where one lies within another") func joined() {
        #expect(Coverage.folded([]).isEmpty)
        let told = Coverage.folded([
            gap(0, 5), gap(5, 6), gap(8, 20), gap(9, 10), gap(19, 21), gap(30, 31),
        ])
        #expect(told.map(\.range) == [gap(0, 6), gap(8, 21), gap(30, 31)])
        #expect(told.map(\.holes) == [1, 1, 1])
    }

    @Test("no more than so many are told, all that is missing is among them") func bounded() {
        let many = (0..<50_000).map { gap($0 * 10 + $0 % 7, $0 * 10 + $0 % 7 + 1) }
        let all = Coverage.folded(many + [gap(9_000_000, 9_000_001)])
        let told = all.map(\.range)
        #expect(told.count == Coverage.gapsMax)
        #expect(all.map(\.holes).reduce(0, +) == many.count + 1)
        #expect(told.first?.lowerBound == many[0].lowerBound)
        #expect(told.last == gap(9_000_000, 9_000_001))
        #expect(
            many.allSatisfy { hole in
                told.contains { $0.contains(hole.lowerBound) && $0.upperBound >= hole.upperBound }
            })
        let few = (0..<Int64(Coverage.gapsMax)).map { gap($0 * 10, $0 * 10 + 1) }
        #expect(Coverage.folded(few).map(\.range) == few)
    }

    @Test("holes equally far from each other are no single one, and what is told as one says so")
    func equal() {
        for count in [201, 202, 399, 10_000] {
            let holes = (0..<Int64(count)).map { gap($0 * 10, $0 * 10 + 1) }
            let told = Coverage.folded(holes.reversed())
            #expect(told.count == Coverage.gapsMax)
            #expect(told.map(\.holes).reduce(0, +) == count)
            #expect(
                told.allSatisfy { one in
                    holes.count { one.range.overlaps($0) } == one.holes
                        && holes.contains { $0.lowerBound == one.range.lowerBound }
                        && holes.contains { $0.upperBound == one.range.upperBound }
                })
        }
        let agent = AgentID(unchecked: "H26.a/1")
        let result = Coverage.Result(
            expected: 1, complete: 0, completeTo: nil, withoutAgent: [],
            missing: [
                .init(
                    agent: agent, from: Timestamp(milliseconds: 0),
                    to: Timestamp(milliseconds: 9), holes: 3),
                .init(
                    agent: agent, from: Timestamp(milliseconds: 20),
                    to: Timestamp(milliseconds: 29)),
            ])
        let lines = Language.allCases.map { result.sentence($0).split(separator: "\n") }
        #expect(lines.map(\.count) == [3, 3])
        #expect(lines.allSatisfy { $0[1].hasSuffix(")") && !$0[2].hasSuffix(")") })
        #expect(result.sentence(.en).contains(" (3 holes and the time between them)"))
        guard case .object(let json) = result.json, case .array(let missing)? = json["missing"],
            case .object(let first) = missing[0], case .object(let second) = missing[1]
        else { return #expect(Bool(false)) }
        #expect(first["holes"] == .integer(3) && second["holes"] == nil)
    }

    @Test("where few are listed, one of each agent is among them, its longest") func listed() {
        let names = ["H26.a/1", "H27.a/1", "H29.a/1"].map { AgentID(unchecked: $0) }
        func hole(_ agent: Int, _ from: Int64, _ to: Int64) -> (AgentID, Timestamp, Timestamp) {
            (names[agent], Timestamp(milliseconds: from), Timestamp(milliseconds: to))
        }
        let missing =
            (0..<30).map { hole(0, $0 * 10, $0 * 10 + 1 + $0 % 5) } + [
                hole(1, 7, 8), hole(1, 20, 90), hole(2, 3, 4),
            ]
        let result = Coverage.Result(
            expected: 3, complete: 0, completeTo: nil, withoutAgent: [],
            missing: missing.map { .init(agent: $0.0, from: $0.1, to: $0.2) })
        let listed = result.listed(5)
        #expect(listed.map(\.agent) == [names[0], names[0], names[1], names[1], names[2]])
        #expect(result.listed(3).map { $0.to.milliseconds - $0.from.milliseconds } == [5, 70, 1])
        #expect(result.listed(100).count == missing.count)
    }
}
