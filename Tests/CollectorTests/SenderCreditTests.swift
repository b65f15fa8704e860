import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Quotas by the time that is covered") struct SenderCreditTests {
    static let hour = Timestamp.millisecondsPerHour
    static let day = Timestamp.millisecondsPerDay

    /// Summaries of logs of `days` before now, 24 a day and 5,000 rows each, after the agent came back and told that it
    /// had been away. How many are taken.
    private func backlog(_ account: inout SenderAccount, days: Int64, now: Timestamp) -> Int {
        let cost = SenderAccount.Cost(bytes: 200_000, rows: 5000, alerts: 0, queries: 100_000)
        return (0..<days * 24).count { _ in account.take(cost, to: now, now: now) { 0 } }
    }

    @Test(
        "a month of honest backlog that comes after one empty summary is taken; afterwards there is no credit left to flood with"
    )
    func afterAnEmptySummary() throws {
        let begin = Timestamp("2026-10-01T00:00:00+07:00")!
        let back = begin.advanced(byMilliseconds: 30 * Self.day)
        var account = SenderAccount(reached: begin)
        let empty = SenderAccount.Cost(bytes: 600, rows: 0, alerts: 0, queries: 0)
        #expect(account.take(empty, to: back, now: back) { 0 })
        #expect(backlog(&account, days: 30, now: back) == 30 * 24)
        // A day on: it was told without a break, and what credit there was is gone.
        var now = back
        for _ in 0..<24 * 60 {
            now = now.advanced(byMilliseconds: 60_000)
            #expect(account.take(empty, to: now, now: now) { 0 })
        }
        #expect(account.rows >= 0 && account.bytes >= 0 && account.queries >= 0)
        let most = AgentQuota.atOnce(accounts: 0)
        #expect(backlog(&account, days: 30, now: now) <= Int(most.rows / 5000))
    }

    @Test("who tells steadily has no credit, and a time told again, ahead or in halves gives none")
    func noCredit() throws {
        let begin = Timestamp("2026-10-01T00:00:00+07:00")!
        var now = begin
        var account = SenderAccount(reached: begin)
        let empty = SenderAccount.Cost(bytes: 600, rows: 0, alerts: 0, queries: 0)
        for _ in 0..<10 * 24 {
            now = now.advanced(byMilliseconds: Self.hour)
            #expect(account.take(empty, to: now, now: now) { 0 })
        }
        #expect(account.rows == 0)
        // Its clock is ahead by a year: nothing of that is time that passed.
        #expect(
            account.take(empty, to: now.advanced(byMilliseconds: 365 * Self.day), now: now) { 0 })
        #expect(account.rows == 0)
        // Three hours of silence, told again and again.
        now = now.advanced(byMilliseconds: 3 * Self.hour)
        for _ in 0..<50 { #expect(account.take(empty, to: now, now: now) { 0 }) }
        let credit = -account.rows
        #expect(credit > 0 && credit <= AgentQuota.perHour(accounts: 0).rows * 3 / 10)
    }

    @Test("credit ends with what logs reach back, whatever an agent was away")
    func bounded() throws {
        let begin = Timestamp("2021-10-01T00:00:00+07:00")!
        let now = begin.advanced(byMilliseconds: 5 * 365 * Self.day)
        var account = SenderAccount(reached: begin)
        let empty = SenderAccount.Cost(bytes: 600, rows: 0, alerts: 0, queries: 0)
        #expect(account.take(empty, to: now, now: now) { 0 })
        let quota = AgentQuota.perHour(accounts: 0)
        #expect(-account.rows <= quota.rows * 35 * 24 / 10)
        #expect(-account.bytes <= quota.bytes * 35 * 24 / 10)
        // A flood ends there, too.
        let flood = SenderAccount.Cost(bytes: 256 << 10, rows: 3000, alerts: 0, queries: 3000)
        var taken: Int64 = 0
        while account.take(flood, to: now, now: now, accounts: { 0 }), taken < 1_000_000 {
            taken += 1
        }
        #expect(taken * 3000 <= quota.rows * 35 * 24 / 10 + AgentQuota.atOnce(accounts: 0).rows)
    }

    @Test("a backup holds credit", arguments: [-1, 1])
    func stored(sign: Int64) throws {
        try SenderRig.run { rig in
            var account = SenderAccount(reached: rig.now)
            (account.bytes, account.rows) = (sign * 1000, sign * 20)
            account.told = rig.now
            try rig.server.store.write {
                try $0.save(account, of: rig.rogue.id, token: rig.now.milliseconds)
                #expect(try NumberRanges.problem(in: $0.db, at: .now) == nil)
            }
            let record = try rig.record(rig.rogue)
            #expect(try rig.server.store.read { try $0.sender(record) } == account)
            #expect(
                try rig.server.store.read { try $0.lastTokens() }
                    == [rig.rogue.id: rig.now.milliseconds])
        }
    }
}
