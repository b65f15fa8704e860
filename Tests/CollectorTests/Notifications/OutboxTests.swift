import Domain
import Platform
import Testing
@testable import Collector
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("What goes into the outbox") struct OutboxTests {
    let box: Outbox
    var records: Records { box.records }

    init() throws { box = try Outbox() }

    @Test("an alert is told once, however often its figures are renewed")
    func once() throws {
        for count in 41...60 { try records.add(box.finding(count: Int64(count))) }
        let all = try box.all()
        #expect(all.map(\.event) == [.alertNew])
        #expect(all[0].message.en == "Account passed: 41")
        #expect(all[0].severity == .warning && all[0].subject == "1")
        try records.add(box.finding(key: "2026-11-25"))
        #expect(try box.all().count == 2)
    }

    @Test("an alert that becomes surer is told again, once, and is open again")
    func raised() throws {
        try records.add(box.finding(.r4, "surge", confidence: 0.7))
        #expect(try records.resolveAlert(1, at: .now))
        try records.add(box.finding(.r4, "surge", confidence: 0.8))
        #expect(try records.alerts(1)[0].state == "resolved")
        for _ in 0..<3 { try records.add(box.finding(.r4, "surge", confidence: 0.97)) }
        #expect(try box.all().map(\.event) == [.alertNew, .alertRaised])
        #expect(try box.all().map(\.severity) == [.warning, .critical])
        #expect(try records.alerts(1)[0].state == "open")
    }

    @Test("the outbox shares the fate of the alert's transaction")
    func transaction() throws {
        struct Crash: Error {}
        #expect(throws: Crash.self) {
            try records.db.transaction {
                try records.add(box.finding())
                throw Crash()
            }
        }
        #expect(try box.all().isEmpty && records.alerts().isEmpty)
    }

    @Test("a lock is told when it is proposed, in force and released; without notes and names")
    func locks() throws {
        try records.add(box.lock(1, .proposed, reason: "X1"))
        let proposed = try #require(try records.lock("L-2026-000001"))
        try records.approve(
            proposed, by: "uid 0 root", expiresAt: nil, message: proposed.message, at: box.later(60)
        )
        let active = try #require(try records.lock("L-2026-000001"))
        try records.end(
            active, .released, by: "uid 0 root", note: "nhầm người", outcome: "mistaken",
            at: box.later(120))
        try records.add(box.lock(2, .active))
        try records.end(box.lock(2, .active), .expired, by: "x", note: "", at: box.later(120))
        let all = try box.all()
        #expect(all.map(\.event) == [.lockProposed, .lockIssued, .lockReleased, .lockIssued])
        #expect(all.map(\.severity) == [.warning, .critical, .info, .critical])
        #expect(all[2].message.vi.contains("khóa nhầm"))
        for notification in all {
            #expect(!notification.message.vi.contains("{"), "a placeholder is left")
            #expect(!notification.message.vi.contains("root"))
            #expect(!notification.message.vi.contains("ghi chú"))
            #expect(!notification.message.vi.contains("nhầm người"))
        }
    }

    @Test("an id is the same for the same event and another for any other")
    func ids() {
        let id = Notification.id(of: .alertNew, ["R1", "breach", "ab", "c"])
        #expect(id == Notification.id(of: .alertNew, ["R1", "breach", "ab", "c"]))
        #expect(id != Notification.id(of: .alertNew, ["R1", "breach", "a", "bc"]))
        #expect(id != Notification.id(of: .alertRaised, ["R1", "breach", "ab", "c"]))
        #expect(id.count == 34 && id.hasPrefix("n-"))
    }

    @Test("numbers are not used twice, so that a follower misses nothing")
    func numbers() throws {
        try records.add(box.finding())
        try records.db.run("DELETE FROM notification")
        try records.add(box.finding(key: "later"))
        #expect(try box.all().map(\.number) == [2])
        #expect(try records.lastNotification() == 2)
        #expect(try records.alertNotifications(after: 1, countMax: 10).count == 1)
    }
}

@Suite("The severity table") struct SeverityTableTests {
    @Test("every rule has a line for every kind", arguments: RuleID.allCases)
    func complete(_ rule: RuleID) {
        #expect(SeverityTable.lines.contains { $0.rule == rule && $0.kind == "*" })
    }

    @Test(
        "it says what the duty officer expects",
        arguments: [
            ("R1", "breach", 1, Severity.warning), ("R1", "lock", 1, .critical),
            ("R3", "cap", 1, .critical), ("R8", "account", 1, .info), ("I1", "fork", 1, .critical),
            ("I1", "chain", 1, .critical), ("I1", "key", 1, .critical), ("I1", "gap", 1, .warning),
            ("R4", "surge", 0.5, .warning), ("R4", "surge", 0.96, .critical),
            ("X1", "breaker", 1, .critical), ("R99", "new", 1, .warning),
        ] as [(String, String, Double, Severity)])
    func says(_ rule: String, _ kind: String, _ confidence: Double, _ severity: Severity) {
        #expect(SeverityTable.severity(of: rule, kind, confidence: confidence) == severity)
    }
}
