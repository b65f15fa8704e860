import Domain
import Foundation
import Platform
import Testing
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Names that nobody registered are bounded") struct NameFoldingTests {
    private func row(_ login: String, _ service: String = "Tra", hour: Int = 9, denied: Int64 = 1)
        -> SummaryRow
    {
        SummaryRow(
            login: Login(unchecked: login), service: ServiceName(unchecked: service),
            hour: Timestamp(CalendarDate("2026-11-24")!, hour: hour), window: .office,
            denied: ["R8.account": denied])
    }

    /// Counts rows as the intake does; returns what was left of recorded totals less those signed.
    private func left(_ nation: Nation, _ signed: [SummaryRow], _ change: String? = nil) throws
        -> [TotalKey: QueryCounts]
    {
        if let change { try nation.records.db.execute(change) }
        let folded = try FoldedTotals(nation.records, nation.system(0))
        let spans = TotalSpans(first: nil, end: nil, kept: (nil, nil))
        var totals = folded.placed(
            try nation.records.recordedTotals(nation.system(0), spans, countMax: 100_000))
        for row in signed {
            for key in row.totalKeys {
                let place = folded.place(of: key)
                totals[place] = (totals[place] ?? .zero) - row.totalSums
            }
        }
        return folded.unexplained(totals.filter { $0.value != .zero })
    }

    private func count(_ nation: Nation, _ rows: [SummaryRow]) throws -> [SummaryRow] {
        let told = try NameFolding(records: nation.records, system: nation.system(0)).folded(rows)
        try nation.records.add(told, system: nation.system(0), opening: 7)
        return told
    }

    @Test("100,000 made-up logins are a thousand rows; totals and verify stay exact") func bounded()
        throws
    {
        let nation = try Nation(systems: 1)
        var signed: [SummaryRow] = []
        for part in 0..<4 {
            let rows =
                (0..<700).map { row("ma\(part)-\($0)", denied: 2) } + [row("canbo1", denied: 3)]
            signed += rows
            let told = try count(nation, rows)
            #expect(told.reduce(0) { $0 + $1.deniedTotal } == 1403)
            #expect(told.contains { $0.login.rawValue == "canbo1" })
        }
        let names = try nation.records.db.first("SELECT COUNT(*) FROM usage_account") {
            $0.integer(0)
        }
        #expect(names == Int64(NameFolding.loginsMax) + 2)
        let sum = try nation.records.denialSum(
            nation.system(0), CalendarDate("2026-11-24")!, reason: "R8.account")
        #expect(sum?.count == Int64(5612))
        #expect(sum?.most == "canbo1")
        #expect(try left(nation, signed).isEmpty)
        // The first ones stay under their names, on that date.
        #expect(try count(nation, [row("ma0-1")]).first?.login.rawValue == "ma0-1")
        signed.append(row("ma0-1"))
        #expect(try left(nation, signed).isEmpty)
        // A name registered after its counts had gone to *other is no contradiction.
        let registered = """
            INSERT INTO registered_account (system, login, full_name, cccd, officer_code, phone, per_day, kind)
            VALUES ('H10.mot', 'ma3-600', '', '', '', '', 5, 'person')
            """
        #expect(try left(nation, signed, registered).isEmpty)
        // Counts of a registered account that were moved away are.
        let forged = """
            UPDATE usage_hour SET denied = denied - 1 WHERE account =
            (SELECT id FROM usage_account WHERE login = 'canbo1')
            """
        #expect(try !left(nation, signed, forged).isEmpty)
    }

    @Test("a registered name in its decomposed spelling is another name, also to who verifies")
    func spelled()
        throws
    {
        let nation = try Nation(systems: 1)
        let (composed, decomposed) = ("l\u{EA}", "le\u{302}")
        try nation.records.db.execute(
            """
            INSERT INTO registered_account (system, login, full_name, cccd, officer_code, phone, per_day, kind)
            VALUES ('H10.mot', '\(composed)', '', '', '', '', 5, 'person')
            """)
        var signed = (0..<NameFolding.loginsMax).map { row("ma\($0)") }
        _ = try count(nation, signed)
        // Together, and each alone.
        for rows in [[row(composed), row(decomposed)], [row(decomposed)], [row(composed)]] {
            let told = try count(nation, rows)
            #expect(!told.contains { $0.login.rawValue.utf8.elementsEqual(decomposed.utf8) })
            signed += rows
            #expect(try left(nation, signed).isEmpty)
        }
    }

    @Test("services that nobody registered, too; another date begins anew") func services() throws {
        let nation = try Nation(systems: 1)
        let rows = (0..<300).map { row("canbo1", "Bia\($0)") } + [row("canbo1", "Tra")]
        let told = try count(nation, rows)
        #expect(Set(told.map(\.service)).count == NameFolding.servicesMax + 2)
        #expect(try left(nation, rows).isEmpty)
        let next = try count(nation, [row("canbo1", "Bia250", hour: 33)])
        #expect(next.first?.service.rawValue == "Bia250")
    }
}
