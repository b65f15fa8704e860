import Foundation
import Testing

@testable import Domain

/// Against Apache DataSketches, which estimated from the same registers and minima: Tests/Fixtures/make_sketches.py.
@Suite("Sketches agree with Apache DataSketches") struct DataSketchesTests {
    struct Fixture: Decodable {
        struct Count: Decodable, Sendable {
            let precision: Int?
            let seed: UInt64
            let count: Int
            let estimate: Double
        }
        struct Overlap: Decodable, Sendable {
            let first: Int, second: Int, common: Int
            let estimate: Double
            let seen: Int
        }
        let hll: [Count]
        let theta: [Count]
        let overlap: [Overlap]
    }

    static let fixture: Fixture? = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/datasketches.json")
        return (try? Data(contentsOf: path)).flatMap {
            try? JSONDecoder().decode(Fixture.self, from: $0)
        }
    }()

    @Test("there are cases") func present() throws {
        let fixture = try #require(Self.fixture)
        #expect(fixture.hll.count > 20 && fixture.theta.count > 5 && fixture.overlap.count > 4)
    }

    @Test("DistinctCounter, from the same registers", arguments: fixture?.hll ?? [])
    func distinct(_ expected: Fixture.Count) throws {
        let precision = try #require(expected.precision)
        var counter = DistinctCounter(precision: precision)
        for value in SeededValues(expected.seed).prefix(expected.count) { counter.insert(value) }
        // Two estimators of the same registers; each alone may be 3 % off the truth at precision 10.
        #expect(abs(counter.estimate / expected.estimate - 1) < 0.008)
        let standardError = 1.04 / Double(1 << precision).squareRoot()
        #expect(abs(counter.estimate / Double(expected.count) - 1) < 3 * standardError)
    }

    @Test("KeyedMinimum, from the same minima", arguments: fixture?.theta ?? [])
    func minimum(_ expected: Fixture.Count) {
        var set = KeyedMinimum(k: 1024)
        for value in SeededValues(expected.seed).prefix(expected.count) { set.insert(value) }
        #expect(abs(set.estimate / expected.estimate - 1) < 1e-9)
        #expect(abs(set.estimate / Double(expected.count) - 1) < 3 / 1022.0.squareRoot())
    }

    @Test("what two KeyedMinimum have in common", arguments: fixture?.overlap ?? [])
    func overlap(_ expected: Fixture.Overlap) {
        func set(_ seed: UInt64, _ count: Int) -> KeyedMinimum {
            var set = KeyedMinimum(k: 1024)
            for value in SeededValues(11).prefix(expected.common) { set.insert(value) }
            for value in SeededValues(seed).prefix(count - expected.common) { set.insert(value) }
            return set
        }
        let common = set(12, expected.first).common(set(13, expected.second))
        #expect(common.seen == expected.seen)
        #expect(abs(common.estimate - expected.estimate) <= expected.estimate * 1e-9)
    }
}
