import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("What alerts cite") struct CitationTests {
    private func pins(_ rig: SenderRig) throws -> [Int64] {
        try rig.server.store.read {
            try $0.db.rows("SELECT seq FROM pin ORDER BY seq") { $0.integer(0) }
        }
    }

    private func cited(_ rig: SenderRig, _ rule: String) throws -> [Int64] {
        let alert = try #require(
            try rig.server.store.read { try $0.alerts() }.first { $0.rule == rule })
        return try decodeJSON([EvidenceReference].self, try encodeJSON(alert.evidence)).map(\.seq)
    }

    @Test("an alert found again with each summary cites, and keeps, the first and the newest 63")
    func bound() throws {
        try SenderRig.run { rig in
            for _ in 0..<200 {
                rig.time.pass(60_000)
                var row = rig.row(
                    1, login: "canbo1", denied: ["R8.account": 4, "R8.service": 4])
                row.would = ["R10": 1]
                try rig.push(rig.rogue, rig.summary(rig.rogue, [row]))
            }
            let expected = [1] + (138...200).map(Int64.init)
            for rule in ["R8", "R10"] { #expect(try cited(rig, rule) == expected, "\(rule)") }
            // Three alerts hold each.
            #expect(try pins(rig) == expected)
            let holds = try rig.server.store.read {
                try $0.db.rows("SELECT DISTINCT holds FROM pin") { $0.integer(0) }
            }
            #expect(holds == [3])
        }
    }

    @Test(
        "what a lock cites stays, whatever alerts cite no more; a citation of before is never let go"
    )
    func locks() throws {
        try SenderRig.run { rig in
            func finding(_ seq: Int64, _ key: String) -> Finding {
                Finding(
                    rule: .r8, kind: "account", scope: "system=H29.mot", key: key, from: rig.now,
                    at: rig.now, message: Localized(vi: "x", en: "x"), figures: [:],
                    evidence: [EvidenceReference(agent: rig.rogue.id, epoch: 1, seq: seq)])
            }
            try rig.server.store.write { records in
                for seq in Int64(1)...3 {
                    try records.add(finding(seq, "a"))
                    try records.add(finding(seq, "a"))
                }
                try records.pin(
                    #"[{"agent":"H29.mot/1","epoch":1,"seq":2}]"#, at: rig.now)
                try records.db.run("UPDATE pin SET holds = NULL WHERE seq = 3")
                try records.add(finding(4, "a"))
                try records.add(finding(4, "b"))
                try records.add(finding(5, "a"))
                for seq in Int64(100)..<200 { try records.add(finding(seq, "a")) }
            }
            // The first; what a lock holds; of before; what another alert holds; the newest.
            #expect(try pins(rig) == [1, 2, 3, 4] + (137..<200).map(Int64.init))
        }
    }

    @Test("a finding with a longer list of its own is cited by its first and its last")
    func own() {
        let all = (0..<100).map {
            EvidenceReference(agent: AgentID(unchecked: "a"), epoch: 1, seq: $0)
        }
        #expect(Records.kept(all).map(\.seq) == [0] + (37..<100).map(Int64.init))
        #expect(Records.kept(Array(all.prefix(64))).count == 64)
    }

    @Test(
        "databases of version 4, and those without pins, are brought here",
        arguments: [true, false])
    func migration(_ hasPins: Bool) throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        try db.execute(
            "DROP TABLE pin; INSERT INTO alert VALUES (7, 'R8', 'account', 'x', 'y', 'open', 1, 5, 1, '', '', '{}', '[{\"agent\":\"a\",\"epoch\":1,\"seq\":2}]')"
        )
        if hasPins {
            try db.execute(
                """
                CREATE TABLE pin (
                agent TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
                PRIMARY KEY (agent, epoch, seq)) STRICT, WITHOUT ROWID;
                INSERT INTO pin VALUES ('a', 1, 9, 5);
                """)
        }
        try db.execute(Schema.pinStep)
        try db.execute(Schema.sql)
        let found = try SchemaShape(of: db).differences(from: SchemaShape.expected())
        #expect(found.isEmpty, "\(found.map(\.en))")
        #expect(
            try db.rows("SELECT seq FROM pin WHERE holds IS NULL") { $0.integer(0) }
                == [hasPins ? 9 : 2])
    }
}
