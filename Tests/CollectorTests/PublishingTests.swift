import Domain
import Foundation
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("Only what changed is signed") struct PublishingTests {
    private static func server(_ state: String) throws -> CollectorServer {
        var config = try CollectorConfig.load("\(state)/collector.json5")
        config.state = state
        return try CollectorServer(config: config)
    }

    private static func withNation(_ body: (String, CollectorServer) throws -> Void) throws {
        let state = NSTemporaryDirectory() + "/chot-publish-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: state) }
        try Initialise(state: state, listen: .tcp(host: "127.0.0.1", port: 1)).run()
        let server = try server(state)
        try server.store.write { records in
            for (kind, text) in [
                (RegistryKind.units, "code,name,kind\nH10,A,province\nH11,B,province\n"),
                (.systems, "code,unit,name\nH10.mot,H10,A\nH10.hai,H10,B\nH11.mot,H11,C\n"),
                (
                    .accounts,
                    "system,login,full_name,cccd,per_day\nH10.mot,canbo1,NGUYENVANMAU,000000000010,5\n"
                ),
            ] {
                _ = try RegistryImport(records: records, replaces: false).run(
                    kind, file: "x.csv", text: text)
            }
        }
        try server.policies.publish()
        try body(state, server)
    }

    private static func counters(_ server: CollectorServer) throws -> [String: Int64] {
        let all = try server.store.read { try $0.policyCounters() }
        return Dictionary(
            all.map { ($0.system.rawValue, $0.counter) }, uniquingKeysWith: { $1 })
    }

    @Test("a change is published for its system alone, nothing for none") func changed() throws {
        try Self.withNation { _, server in
            #expect(try Self.counters(server) == ["H10.mot": 1, "H10.hai": 1, "H11.mot": 1])
            let before = server.store.activity[.rules].transactions
            try server.policies.publish()
            #expect(server.store.activity[.rules].transactions == before)
            try server.store.write { try $0.setMode(SystemCode(unchecked: "H10.mot"), .enforce) }
            try server.policies.publish(of: [SystemCode(unchecked: "H10.mot")])
            #expect(try Self.counters(server) == ["H10.mot": 2, "H10.hai": 1, "H11.mot": 1])
            try server.store.write {
                try $0.setEmergency(
                    UnitCode(unchecked: "H10"),
                    until: Timestamp.now.advanced(byMilliseconds: 3_600_000), decision: "x",
                    by: "test")
            }
            try server.policies.publish()
            #expect(try Self.counters(server) == ["H10.mot": 3, "H10.hai": 2, "H11.mot": 1])
            #expect(try server.store.read { try $0.pendingPolicies() }.isEmpty)
        }
    }

    @Test("what a crash left unsigned is signed after the next start") func crash() throws {
        try Self.withNation { state, server in
            try server.store.write { try $0.setMode(SystemCode(unchecked: "H11.mot"), .enforce) }
            let next = try Self.server(state)
            #expect(try Self.counters(next)["H11.mot"] == 1)
            try next.policies.publish()
            #expect(try Self.counters(next) == ["H10.mot": 1, "H10.hai": 1, "H11.mot": 2])
        }
    }

    @Test("a policy's size is told before it is made, and never too low") func size() throws {
        try Self.withNation { _, server in
            try server.store.write { records in
                for number in 0..<2500 {
                    try records.db.run(
                        """
                        INSERT INTO registered_account (system, login, full_name, cccd, officer_code, phone, per_day, kind)
                        VALUES ('H10.mot', ?, 'NGUYENVANMAU', '000000000011', 'CB1', '', 5, 'person')
                        """, .text("canbo.\(number + 10_000)@xa.tinh.gov.vn"))
                }
                try records.markPolicy(SystemCode(unchecked: "H10.mot"))
            }
            try server.policies.publish()
            let (told, signed) = try server.store.read { records in
                let system = try #require(try records.system(SystemCode(unchecked: "H10.mot")))
                return (
                    try records.policySize(system, server.config, at: .now),
                    try #require(try records.storedPolicy(system.code)).jws.utf8.count
                )
            }
            #expect(told.bytes >= signed)
            #expect(told.bytes < signed + 4096)
            #expect(!told.isTooLarge)
        }
    }

    @Test("the watchdog is silent when the loop stands still or a transaction does not end")
    func watchdog() {
        let activity = WriterActivity()
        let watchdog = Watchdog(activity)
        let now = MonotonicClock.milliseconds()
        #expect(watchdog.problem(at: now) == nil)
        #expect(watchdog.problem(at: now + Watchdog.loopMilliseconds + 1000) != nil)
        watchdog.beat()
        activity.began(.background, asked: now - Watchdog.loopMilliseconds)
        #expect(watchdog.problem(at: now + 1000) == nil)
        #expect(activity.busy(at: now + 10_000) >= 9000)
        activity.ended(.background, rows: 1, isDone: true)
        #expect(activity.busy() == 0)
        #expect(activity[.background].longestWait >= Watchdog.loopMilliseconds)
    }
}
