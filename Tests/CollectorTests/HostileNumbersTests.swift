import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// What a damaged or made-up backup may hold: every number of every table at the ends of 64 bits.
@Suite("Numbers of a database that nobody made") struct HostileNumbersTests {
    private func filled() throws -> Nation {
        let nation = try Nation()
        let key = try Ed25519PrivateKey.generate()
        let agent = try #require(
            try nation.records.enrol(
                JWK(key.publicKey), token: "t", system: nation.system(0), host: "x", at: nation.now)
        )
        try nation.count(11, at: nation.now)
        let records = nation.records
        _ = try UsageTotalsTests.fill(records, seed: 7)
        try records.addGap(
            agent.id, nation.now, nation.now.advanced(byMilliseconds: 60_000))
        try Integrity(records: records, now: nation.now).found("gap", .alertI1Gap, agent)
        try records.add(
            Allowance(
                rule: .r1, scope: nation.account(0), queries: 5, from: nation.now,
                until: nation.now.advanced(byMilliseconds: 3_600_000)),
            system: nation.system(0), reason: "r", by: "x")
        try records.setEmergency(
            nation.system(0).unit, until: nation.now, decision: "d", by: "x")
        try records.audit("a", "b", "c", "d", at: nation.now)
        return nation
    }

    /// What staff ask of it, as far as it needs no sockets.
    private func ask(_ nation: Nation) throws {
        let (records, now) = (nation.records, nation.now)
        let day = now..<now.advanced(byMilliseconds: Timestamp.millisecondsPerDay)
        for lock in try records.locks() { _ = lock.issuedAt.description }
        _ = ShiftReport.Locks(try records.locksChanged(in: day), in: day).refusedTotal
        _ = try records.alertEvents(in: day)
        _ = try records.integrityFindings(in: day)
        for alert in try records.alertList(AlertFilter()).alerts { _ = try encodeJSON(alert.json) }
        _ = try records.undelivered().map(\.waiting).saturatingSum
        _ = try records.allowances(at: now)
        var question = UsageQuestion()
        for source in [nil] + UsageSource.allCases.map(Optional.some) {
            for columns in [["unit"], ["system", "account"], ["hour"], ["day"], ["date"]] {
                _ = try? UsageTotalsTests.ask(records, question, columns, source)
            }
        }
        question.from = now
        _ = try Coverage(records: records, config: nation.config, question: question, now: now)
            .run().json
        for system in try records.systems() {
            _ = try records.terms(system, nation.config, at: now)
            _ = try records.noted(system.code, since: now.date)
        }
        try nation.count(1, at: now, seq: 9)
    }

    @Test("none of them ends the program", arguments: [Int64.max, .min, -1])
    func ends(_ number: Int64) throws {
        let nation = try filled()
        let db = nation.records.db
        let tables = try db.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ) { $0.text(0) }
        var tried = 0
        for table in tables {
            let columns = try db.rows("SELECT name, type FROM pragma_table_info('\(table)')") {
                ($0.text(0), $0.text(1))
            }
            for (column, type) in columns where type == "INTEGER" {
                try db.execute("SAVEPOINT one")
                // A constraint may stand against it: then no database can hold it.
                if (try? db.run("UPDATE \"\(table)\" SET \"\(column)\" = ?", .integer(number)))
                    != nil
                {
                    tried += 1
                    // SQLite may refuse a sum that does not fit: an error, never the end.
                    try? ask(nation)
                }
                try db.execute("ROLLBACK TO one")
                try db.execute("RELEASE one")
            }
        }
        #expect(tried > 50)
        try ask(nation)
    }
}
