import Domain
import Platform
import Testing
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorStaff
@testable import CollectorStore

@Suite("Adding rows together") struct UpsertTests {
    @Test(
        "as many rows as come, one twice among them, add up as one by one",
        arguments: [0, 1, 15, 16, 17, 32, 50])
    func sums(_ count: Int) throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(
            "CREATE TABLE t (place TEXT, name INTEGER, n INTEGER, m INTEGER, PRIMARY KEY (place, name))"
        )
        let upsert = Upsert("t", shared: ["place"], own: ["name"], adding: ["n", "m"])
        var expected: [Int64: Int64] = [:]
        var rows: [SQLiteValue] = []
        for index in 0..<count {
            // The last one names the first again.
            let name = Int64(index == count - 1 ? 0 : index)
            expected[name, default: 0] += Int64(index) + 1
            rows += [.integer(name), .integer(Int64(index) + 1), .integer(2)]
        }
        for _ in 0..<2 { try upsert.run(db, shared: [.text("here")], rows: rows) }
        let found = try db.rows("SELECT name, n, m FROM t WHERE place = 'here'") {
            ($0.integer(0), $0.integer(1), $0.integer(2))
        }
        #expect(
            Dictionary(uniqueKeysWithValues: found.map { ($0.0, $0.1) })
                == expected.mapValues { $0 * 2 })
        #expect(found.reduce(0) { $0 + $1.2 } == Int64(count) * 4)
    }
}
