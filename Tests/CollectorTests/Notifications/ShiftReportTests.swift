import Domain
import Platform
import Testing
@testable import Collector
@testable import CollectorDetection
@testable import CollectorLocks
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("The shift report") struct ShiftReportTests {
    @Test("a lock stands under what happened to it within the shift")
    func locks() throws {
        let box = try Outbox()
        let period = box.now..<box.later(3600)
        func lock(
            _ number: Int64, _ state: LockState, issued: Int64 = 0, approved: Int64? = nil,
            ended: Int64? = nil
        ) -> LockRecord {
            let former = box.lock(number, state)
            var lock = LockRecord(
                number: number, id: former.id, scope: former.scope, reason: "R1", note: "",
                basis: "",
                message: former.message, state: state, issuedBy: "R1", issuedAt: box.later(issued))
            lock.approvedAt = approved.map { box.later($0) }
            lock.endedAt = ended.map { box.later($0) }
            return lock
        }
        let locks = ShiftReport.Locks(
            [
                lock(1, .active, issued: 10), lock(2, .active, issued: -10),
                lock(3, .proposed, issued: -50), lock(4, .active, issued: -50, approved: 20),
                lock(5, .rejected, issued: 10, ended: 20),
                lock(6, .released, issued: -10, ended: 20),
                lock(7, .expired, issued: 10, ended: 20),
                lock(8, .released, issued: 10, ended: 4000),
            ], in: period)
        #expect(locks.issued.map(\.number) == [1, 4, 7, 8])
        #expect(locks.proposed.map(\.number) == [5])
        #expect(locks.released.map(\.number) == [6])
        #expect(locks.expired.map(\.number) == [7])
        #expect(locks.rejected.map(\.number) == [5])
        #expect(locks.waiting.map(\.number) == [3])
    }

    @Test("alerts are counted where they were opened and resolved")
    func alerts() throws {
        let box = try Outbox()
        try box.add(3, .r8)
        try box.records.noteResolved(1, at: box.later(7200))
        let first = try box.records.alertEvents(in: box.now..<box.later(3600))
        #expect(first.map(\.event) == ["alert.new"] && first.map(\.count) == [3])
        let second = try box.records.alertEvents(in: box.later(3600)..<box.later(9000))
        #expect(second.map(\.event) == ["resolved"] && second.map(\.count) == [1])
    }
}

@Suite("AlertWatch") struct AlertWatchTests {
    @Test("a command sees what comes from the wire made safe to show")
    func environment() {
        let all = AlertWatch.environment([
            "id": .integer(7), "rule": .string("R8"), "scope": .string("account=\u{1B}[2J$(id)@x"),
            "message": .object(["vi": .string("một\nhai"), "en": .string("one")]),
        ])
        #expect(all["CHOT_ALERT_ID"] == "7" && all["CHOT_ALERT_RULE"] == "R8")
        #expect(all["CHOT_ALERT_SCOPE"] == "account=\\u{1b}[2J$(id)@x")
        #expect(all["CHOT_ALERT_MESSAGE_VI"] == "một\\u{a}hai")
        #expect(all.values.allSatisfy { !$0.contains("\n") })
    }
}
