import Domain
import Platform
import Testing
import Wire
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("Evidence packs") struct PackTests {
    static let at = Timestamp("2026-11-24T09:00:00+07:00")!
    static let system = SystemCode(unchecked: "H26.motcua")
    static let scope = Scope("account=canbo1@H26.motcua")!

    static func summary(
        _ allowed: Int64, login: String = "canbo1", agent: String = "H26.motcua/1", k: Int? = nil,
        hour: Timestamp = at
    ) -> Summary {
        let id = AgentID(unchecked: agent)
        return Summary(
            agent: id, system: id.system, epoch: 1, seq: 1, part: .init(n: 1, of: 1), prev: "",
            from: hour, to: hour.advanced(byMilliseconds: 60_000), everyMilliseconds: 60_000,
            clockOffsetMilliseconds: nil, held: .init(), downtime: nil, dropped: [:],
            refusedSets: [:],
            breaches: k.map {
                [
                    Breach(
                        rule: .r1, scope: scope, key: "2026-11-24", k: $0, at: hour,
                        count: allowed, threshold: 5)
                ]
            } ?? [],
            rows: [
                SummaryRow(
                    login: Login(unchecked: login), service: ServiceName(unchecked: "Tra"),
                    hour: hour.hourStart, window: .office, allowed: allowed)
            ])
    }

    static func context(_ threshold: Int64) -> LockContext {
        let terms = Policy(
            system: system, systemName: "", unit: system.unit, unitName: "",
            version: Version(generation: 1, counter: 1), issuedAt: at, mode: .enforce,
            contact: .same(""), calendar: .letter, rules: [:], accounts: [], services: [])
        return LockContext(
            at: at, systems: [.init(system: system, terms: terms, waivers: [], agents: [])],
            more: 0,
            volume: .init(
                rule: .r1, scope: scope, key: "2026-11-24", k: 2, threshold: threshold,
                registered: threshold, from: at, until: at))
    }

    func judged(_ threshold: Int64, _ summaries: [(Summary, Timestamp)]) -> Recomputation {
        Recomputation.make(
            reason: "R1", scope: Self.scope, issuedAt: Self.at, context: Self.context(threshold),
            summaries: summaries.map { (summary: $0.0, receivedAt: $0.1) })
    }

    @Test("the lock follows from what was received by then, and not from what came later")
    func times() {
        let late = Self.at.advanced(byMilliseconds: 1)
        let now = judged(5, [(Self.summary(6), Self.at), (Self.summary(5), Self.at)])
        #expect(now.holds == true && now.total == 11 && now.later == 0)
        let later = judged(5, [(Self.summary(6), Self.at), (Self.summary(5), late)])
        #expect(later.holds == false && later.total == 6 && later.later == 5)
    }

    @Test(
        "the query that was refused is in no total: the agent's own report counts where all passed")
    func reported() {
        #expect(judged(5, [(Self.summary(10), Self.at)]).holds == false)
        #expect(judged(5, [(Self.summary(10, k: 2), Self.at)]).holds == true)
        #expect(judged(5, [(Self.summary(9, k: 2), Self.at)]).holds == false)
    }

    @Test("what others did, or on another day, counts nothing")
    func others() {
        let yesterday = Self.at.advanced(byMilliseconds: -Timestamp.millisecondsPerDay)
        let made = judged(
            5,
            [
                (Self.summary(50, login: "canbo2"), Self.at),
                (Self.summary(50, hour: yesterday), Self.at),
                (Self.summary(50, agent: "H29.motcua/1"), Self.at),
            ])
        #expect(made.holds == false && made.total == 0)
    }

    @Test("numbers of a forged pack overflow nothing")
    func overflow() {
        let much = Self.summary(1 << 40)
        let made = judged(.max, Array(repeating: (much, Self.at), count: 100))
        #expect(made.total == 100 << 40 && made.holds == false)
    }

    @Test("staff's locks say that there is no rule")
    func staff() {
        let made = Recomputation.make(
            reason: "staff", scope: Self.scope, issuedAt: Self.at, context: nil, summaries: [])
        #expect(made.kind == "none" && made.holds == nil && made.en.contains("decision of staff"))
    }

    @Test("a sealed box opens with its passphrase and label only") func sealed() throws {
        let secret = [UInt8]("mật khẩu thử nghiệm".utf8)
        let box = try SealedBox.seal([1, 2, 3], passphrase: secret, label: [7])
        #expect(try box.open(passphrase: secret, label: [7]) == [1, 2, 3])
        #expect(throws: CryptoError.self) { try box.open(passphrase: secret, label: [8]) }
        #expect(throws: CryptoError.self) { try box.open(passphrase: secret + [1], label: [7]) }
        #expect(throws: CryptoError.self) {
            try SealedBox.seal([1], passphrase: [1, 2], label: [])
        }
        #expect(try SealedBox.seal([1, 2, 3], passphrase: secret, label: [7]).salt != box.salt)
    }

    @Test("nothing in the minutes is taken for HTML")
    func escaped() {
        #expect(
            PackMinutes.escape("<a href='x'>\"&\u{202E}\n")
                == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{FFFD}\u{FFFD}")
    }
}
