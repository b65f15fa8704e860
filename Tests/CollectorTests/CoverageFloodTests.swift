import Domain
import Testing

@testable import Collector

@Suite("Coverage of an agent that makes holes by the thousand") struct CoverageFloodTests {
    private func gap(_ from: Int64, _ to: Int64) -> Range<Timestamp> {
        Timestamp(milliseconds: from)..<Timestamp(milliseconds: to)
    }

    @Test("what touches or overlaps is one, also where one lies within another") func joined() {
        #expect(Coverage.folded([]) == [])
        #expect(
            Coverage.folded([
                gap(0, 5), gap(5, 6), gap(8, 20), gap(9, 10), gap(19, 21), gap(30, 31),
            ])
                == [gap(0, 6), gap(8, 21), gap(30, 31)])
    }

    @Test("no more than so many are told, all that is missing is among them") func bounded() {
        let many = (0..<50_000).map { gap($0 * 10 + $0 % 7, $0 * 10 + $0 % 7 + 1) }
        let told = Coverage.folded(many + [gap(9_000_000, 9_000_001)])
        #expect(told.count <= Coverage.gapsMax)
        #expect(told.first?.lowerBound == many[0].lowerBound)
        #expect(told.last == gap(9_000_000, 9_000_001))
        #expect(
            many.allSatisfy { hole in
                told.contains { $0.contains(hole.lowerBound) && $0.upperBound >= hole.upperBound }
            })
        let few = (0..<Int64(Coverage.gapsMax)).map { gap($0 * 10, $0 * 10 + 1) }
        #expect(Coverage.folded(few) == few)
    }
}
