import Domain
import Platform
import Testing
import Wire
@testable import Agent
@testable import Collector
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// Somebody without credentials makes up names for hours: the summaries of the honest gateway stay within what a collector
/// takes from an agent, and every query is in their rows.
@Suite("Made-up names, for hours") struct MadeUpNamesTests {
    /// 128 bytes of which JSON makes two each.
    private static func name(_ index: Int) -> String {
        let digits = "\(index)"
        return String(repeating: "\"", count: 128 - digits.utf8.count) + digits
    }

    private struct Totals {
        var queries: Int64 = 0
        var folded: Int64 = 0
        var rows = 0
    }

    /// Seals every so often; `together`: as the outbox puts intervals of one hour together while the collector is away.
    private func attack(
        minutes: Int, sealSeconds: Int, aSeal: Int, mode: Policy.Mode = .enforce,
        together: Bool = false
    ) throws -> Totals {
        let folder = "/tmp/chot-border-\(UInt64.random(in: 0 ... .max))"
        defer { for name in Files.list(folder) { Files.remove("\(folder)/\(name)") } }
        var border = try Border(mode: mode)
        let opened = try Ledger.open(
            folder: folder, after: 0, from: Border.noon, bytes: 32 << 20)
        let checkpoint = Checkpoint(
            gate: Gate(rules: border.rules), ledger: opened.ledger, wake: WakeEvent())
        let tracker = FeatureTracker(border.rules, at: Border.noon)
        var now = Border.noon
        var totals = Totals()
        var made = 0
        var waiting: [Interval] = []
        for _ in 0..<(minutes * 60 / sealSeconds) {
            for index in 0..<aSeal {
                now = now.advanced(byMilliseconds: Int64(sealSeconds * 1000 / (aSeal + 1)))
                made += 1
                let login = Login(unchecked: Self.name(made))
                let service =
                    index % 2 == 0 ? Border.service : ServiceName(unchecked: Self.name(made))
                let query = Query(login: login, service: service, source: "10.0.0.1", at: now)
                guard case .cannotCount = checkpoint.judge(query) else {
                    var sighting = Sighting(at: now, login: login, service: service)
                    sighting.verdict = .deny
                    tracker.note(sighting)
                    continue
                }
                Issue.record("not counted")
            }
            let cut = try checkpoint.seal(at: now)
            var interval = Interval(
                from: cut.sealed.file.from, to: cut.sealed.file.to, rows: cut.sealed.file.rows())
            interval.dropped["folded"] = cut.folded
            interval.features = tracker.takeInterval(at: now).accounts
            opened.ledger.discard(cut.sealed.number)
            if together, let last = waiting.last, last.mayCoalesce(with: interval) {
                waiting[waiting.count - 1].coalesce(interval)
            } else {
                waiting.append(interval)
            }
            guard !together else { continue }
            for one in waiting { try send(one, &border, now, &totals) }
            waiting = []
        }
        for one in waiting { try send(one, &border, now, &totals) }
        #expect(totals.queries == Int64(made))
        return totals
    }

    private func send(
        _ interval: Interval, _ border: inout Border, _ now: Timestamp, _ totals: inout Totals
    ) throws {
        let (told, problem) = try border.send(interval, at: now)
        #expect(problem == nil, "at \(interval.from)")
        for summary in told {
            totals.rows += summary.rows.count
            totals.queries += summary.rows.reduce(0) { $0 + $1.queries }
            totals.folded += summary.dropped["folded"] ?? 0
        }
    }

    @Test("logins and services of the longest make, sealed every minute or every few seconds")
    func longest() throws {
        let hour = try attack(minutes: 60, sealSeconds: 300, aSeal: 2500)
        #expect(hour.rows > 20_000, "names are told as far as there is room")
        #expect(hour.folded > 3000)
        let seconds = try attack(minutes: 5, sealSeconds: 5, aSeal: 120, mode: .observe)
        #expect(seconds.rows > 4000 && seconds.folded > 1000)
    }

    @Test("what waited while the collector was away, an hour in one")
    func backlog() throws {
        _ = try attack(minutes: 90, sealSeconds: 600, aSeal: 400, together: true)
    }

    @Test("the spool of an agent that folded by the seal alone is told smaller, and taken")
    func oldSpool() throws {
        var border = try Border()
        var totals = Totals()
        var now = Border.noon
        for minute in 0..<9 {
            let from = now
            now = now.advanced(byMilliseconds: 60_000)
            var interval = Interval(from: from, to: now)
            interval.rows = (0..<4096).map {
                SummaryRow(
                    login: Login(unchecked: Self.name(minute * 4096 + $0)),
                    service: Border.service, hour: from.hourStart, window: .office,
                    denied: ["R8.account": 1])
            }
            try send(interval, &border, now, &totals)
        }
        #expect(totals.queries == 9 * 4096 && totals.folded > 4000)
    }

    @Test("thousands of breaches: the highest of each quota is told, the rest is counted")
    func breaches() throws {
        var border = try Border()
        var now = Border.noon
        var left: Int64 = 0
        for minute in 0..<20 {
            let from = now
            now = now.advanced(byMilliseconds: 60_000)
            let breaches = (0..<1000).map {
                Breach(
                    rule: .r1, scope: .account(Login(unchecked: "canbo\($0 % 10)"), Border.system),
                    key: "2026-11-24", k: minute * 100 + $0 / 10 + 1, at: from, count: 1,
                    threshold: 1)
            }
            let interval = Interval(from: from, to: now, breaches: breaches)
            let (told, problem) = try border.send(interval, at: now)
            #expect(problem == nil, "minute \(minute)")
            let kept = told.flatMap(\.breaches)
            left += told.first?.dropped["breaches"] ?? 0
            #expect(Set(kept.map(\.scope)).count == 10)
            #expect(kept.map(\.k).max() == minute * 100 + 100)
        }
        #expect(left > 15_000)
    }
}
