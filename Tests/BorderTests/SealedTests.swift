import Domain
import Platform
import Testing
import Wire
@testable import Agent
@testable import Collector
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// Whatever stands in an agent's spool, what it seals passes the collector's own reading, and no query is lost silently.
@Suite("What an agent seals, a collector takes") struct SealedTests {
    private static let long = String(repeating: "x", count: 300)
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000

    private static func row(
        _ login: String = "canbo0", at time: Timestamp = Border.noon, allowed: Int64 = 0,
        denied: [String: Int64] = [:], passed: Int64 = 0, would: [String: Int64] = [:]
    ) -> SummaryRow {
        SummaryRow(
            login: Login(unchecked: login), service: Border.service, hour: time, window: .office,
            allowed: allowed, denied: denied, passed: passed, would: would)
    }

    private static func breach(
        _ scope: Scope, rule: RuleID = .r1, key: String = "2026-11-24", at: Timestamp = Border.noon,
        k: Int = 1, count: Int64 = 1
    ) -> Breach {
        Breach(rule: rule, scope: scope, key: key, k: k, at: at, count: count, threshold: count)
    }

    private static func ago(_ milliseconds: Int64) -> Timestamp {
        Border.noon.advanced(byMilliseconds: -milliseconds)
    }

    private static let own = Scope.account(Login(unchecked: "canbo0"), Border.system)

    /// One thing out of bounds each, in an interval of a minute; `torn`: the queries that cannot be told.
    private static let cases: [(String, torn: Int64, @Sendable (inout Interval) -> Void)] = [
        ("nothing", 0, { _ in }),
        (
            "a refusal of an hour before the clock was set back", 0,
            {
                $0.rows = [row(at: ago(3 * hour), allowed: 2, denied: ["R1": 5], would: ["R10": 2])]
            }
        ),
        ("a refusal of tomorrow", 0, { $0.rows = [row(at: ago(-day), denied: ["R1": 5])] }),
        ("a log's line of last year", 0, { $0.rows = [row(at: ago(365 * day), allowed: 3)] }),
        ("a log's line of 36 days ago", 0, { $0.rows = [row(at: ago(36 * day), passed: 3)] }),
        ("a log's line of 35 days ago", 0, { $0.rows = [row(at: ago(35 * day), passed: 3)] }),
        ("a row of 1970", 0, { $0.rows = [row(at: Timestamp(milliseconds: 0), allowed: 3)] }),
        ("a row of 9999", 0, { $0.rows = [row(at: .last, allowed: 3, denied: ["R1": 1])] }),
        ("no whole hour", 0, { $0.rows = [row(at: ago(61_000), allowed: 3)] }),
        ("a long login", 0, { $0.rows = [row(long, allowed: 3)] }),
        ("an empty login", 0, { $0.rows = [row("", allowed: 3)] }),
        ("a login of control characters", 0, { $0.rows = [row("\u{0}\n\u{1b}[31m", allowed: 1)] }),
        ("a long reason", 0, { $0.rows = [row(denied: [long: 3])] }),
        ("an odd reason", 0, { $0.rows = [row(denied: ["lý do": 3], would: ["a b": 1])] }),
        (
            "seventeen reasons", 0,
            {
                $0.rows = [row(denied: .init(uniqueKeysWithValues: (0..<17).map { ("r\($0)", 1) }))]
            }
        ),
        (
            "forty reasons over the rows", 0,
            {
                $0.rows = (0..<40).map { row("canbo\($0)", would: ["r\($0)": 1]) }
            }
        ),
        ("a torn count", 1 << 50, { $0.rows = [row(allowed: 1 << 50)] }),
        ("a negative count", -5, { $0.rows = [row(denied: ["R1": -5])] }),
        (
            "kinds that nobody knows", 0,
            {
                $0.dropped = .init(uniqueKeysWithValues: (0..<40).map { ("k \($0)", .max) })
            }
        ),
        ("a negative kind", 0, { $0.dropped = ["torn": -1] }),
        (
            "a breach of another system", 0,
            {
                $0.breaches = [breach(Scope("system=H29.mot")!), breach(own)]
            }
        ),
        ("a breach of a unit", 0, { $0.breaches = [breach(Scope("unit=H26")!)] }),
        ("a breach of another rule", 0, { $0.breaches = [breach(own, rule: .r8)] }),
        ("a breach with a long key", 0, { $0.breaches = [breach(own, key: long)] }),
        (
            "a breach of 1970", 0,
            {
                $0.breaches = [breach(own, at: Timestamp(milliseconds: 0), k: .max, count: .max)]
            }
        ),
        (
            "thousands of breaches", 0,
            {
                $0.breaches = (0..<5000).map { breach(own, key: "d\($0)") }
            }
        ),
        (
            "refusals of odd locks", 0,
            {
                $0.refusals = ["", long, "L 1", "L-2026-000001"].map {
                    LockRefusals(lock: $0, first: Timestamp(milliseconds: 0), count: .max)
                }
            }
        ),
        (
            "thousands of refusals", 0,
            {
                $0.refusals = (0..<5000).map {
                    .init(lock: "L-\($0)", first: Border.noon, count: 1)
                }
            }
        ),
        (
            "a long bypass", 0,
            {
                $0.bypass = BypassNote(
                    from: Timestamp(milliseconds: 0), until: .last,
                    reason: String(repeating: "\u{1}ệ", count: 3000), by: long)
            }
        ),
        ("a sketch's hash of another kind", 0, { $0.sketchHash = "x" }),
        ("returns below none", 0, { $0.returns = -1 }),
        ("a part of none", 0, { $0.part = .init(n: 0, of: 0) }),
        (
            "a downtime of 1970", 0,
            {
                $0.downtime = .init(from: Timestamp(milliseconds: 0), to: .last, outcome: .unknown)
            }
        ),
        (
            "an interval of 1970", 0,
            {
                $0.from = Timestamp(milliseconds: 0)
                $0.to = Timestamp(milliseconds: 1)
                $0.rows = [row(at: Timestamp(milliseconds: 0), denied: ["R1": 2])]
            }
        ),
        (
            "an interval that ends in 9999", 0,
            {
                $0.to = .last
                $0.rows = [row(at: .last.hourStart, denied: ["R1": 2])]
            }
        ),
        ("an interval that ends before it begins", 0, { $0.to = ago(day) }),
        (
            "features of last year", 0,
            {
                $0.features = FeatureLines([features(ago(365 * day)), features(Border.noon)])
            }
        ),
        ("features that are none", 0, { $0.features = FeatureLines(bytes: [UInt8]("x y\n".utf8)) }),
    ]

    private static func features(_ hour: Timestamp) -> AccountFeatures {
        AccountFeatures(
            login: Login(unchecked: "canbo0"), hour: hour.hourStart, rhythm: Rhythm(at: 1),
            allowed: 1, subjects: SubjectTally(), serviceUnits: ServiceUnitCounts(),
            sketches: AccountSketches())
    }

    private static func plain() -> Interval {
        Interval(
            from: Border.noon, to: Border.noon.advanced(byMilliseconds: 60_000),
            rows: [row(allowed: 7, denied: ["R1": 2])])
    }

    @Test("what is out of bounds is told within them; totals stay", arguments: cases.indices)
    func everyBound(_ index: Int) throws {
        let (name, torn, spoil) = Self.cases[index]
        var border = try Border()
        var interval = Self.plain()
        spoil(&interval)
        let now = Border.noon.advanced(byMilliseconds: 120_000)
        let refused = ["stale": Int64(1), "x y": 2, Self.long: .max]
        let (told, problem) = try border.send(interval, at: now, refusedSets: refused)
        #expect(problem == nil, "\(name)")
        #expect(!told.isEmpty)
        let rows = told.flatMap(\.rows)
        #expect(rows.reduce(0) { $0 + $1.queries } == interval.queries - torn, "\(name)")
        #expect(told.first?.dropped["torn"] ?? 0 > 0 || torn == 0)
        // Read again and sealed again, it is the same: nothing comes back for ever.
        let fit = border.fit(at: now)
        for summary in told {
            let again = Interval(of: summary)
            #expect(fit.fitted(again) == again, "\(name)")
        }
    }

    @Test("what is in bounds is told as it is")
    func unchanged() throws {
        let border = try Border()
        var interval = Self.plain()
        interval.rows.append(Self.row(at: Self.ago(34 * Self.day), allowed: 1, would: ["lock": 1]))
        interval.rows.append(Self.row(at: Self.ago(Self.hour), denied: ["R8.account": 1]))
        interval.rows.append(Self.row("*other", denied: ["R8.account": 1]))
        interval.breaches = [Self.breach(Self.own)]
        interval.features = FeatureLines([Self.features(Border.noon)])
        interval.dropped = ["torn": 1, "folded": 3]
        #expect(border.fit(at: Border.noon).fitted(interval) == interval)
        var quota = SentQuota()
        var same = interval
        quota.take(&same, now: Border.noon, border.rules)
        #expect(same == interval)
    }

    @Test("a row that is moved is told in the window of its new hour, and how many were")
    func moved() throws {
        let border = try Border()
        var interval = Self.plain()
        // A Sunday's night.
        let old = Timestamp("2026-11-22T23:00:00")!
        interval.rows = [Self.row(at: old, allowed: 2, denied: ["R1": 5])]
        interval.rows[0].window = .off
        let fit = border.fit(at: Border.noon).fitted(interval)
        #expect(fit.rows.map(\.hour) == [old, Border.noon])
        #expect(fit.rows.map(\.window) == [.off, .office])
        #expect(fit.rows.map(\.allowed) == [2, 0] && fit.rows.map(\.deniedTotal) == [0, 5])
        #expect(fit.dropped == ["mended": 7])
    }
}
