import Domain
import FoundationEssentials
import Testing

@Suite("Policies and lock sets that cannot be") struct PlausibleTests {
    static let policy = """
        {"v":1,"system":"H26.motcua","system_name":"Mot cua","unit":"H26","unit_name":"So mau",
        "version":"1.3","issued_at":1795486000000,"mode":"enforce","contact":{"vi":"a","en":"b"},
        "calendar":{"office_from":7,"office_to":18,"weekdays":[0,6],"holidays":[],"make_up_days":[]},
        "rules":{"R9":{"effect":"throttle","alert_at":1,"lock_at":2,"within_ms":600000,"cap":1000,
        "rates":{"account":{"limit":2,"period_ms":60000},"challenge_at":2,"deny_at":4}}},
        "accounts":[{"login":"canbo1","per_day":3,"kind":"person"}],
        "services":[{"service":"TraCuu","office_per_day":4,"off_per_day":5}],
        "notices":[{"service":"TraCuu","from":"2026-11-23","to":"2026-11-25","hours":[20],
        "per_day":6,"has_plan":true}]}
        """

    func policy(_ what: String = "", _ other: String = "") throws -> Policy {
        let text = what.isEmpty ? Self.policy : Self.policy.replacing(what, with: other)
        return try JSONDecoder().decode(Policy.self, from: Data(text.utf8))
    }

    @Test("an ordinary policy is plausible") func ordinary() throws {
        #expect(try policy().isPlausible)
    }

    @Test(
        "numbers with which an agent could not compute are told",
        arguments: [
            ("\"office_from\":7", "\"office_from\":9223372036854775807"),
            ("\"office_from\":7", "\"office_from\":-1"), ("\"office_to\":18", "\"office_to\":7"),
            ("[0,6]", "[7]"), ("\"lock_at\":2", "\"lock_at\":0"),
            ("\"alert_at\":1", "\"alert_at\":-9223372036854775808"), ("\"cap\":1000", "\"cap\":-1"),
            ("\"limit\":2", "\"limit\":0"),
            ("\"period_ms\":60000", "\"period_ms\":9223372036854775807"),
            ("\"challenge_at\":2", "\"challenge_at\":-1"), ("\"per_day\":3", "\"per_day\":-3"),
            ("\"off_per_day\":5", "\"off_per_day\":9223372036854775807"), ("[20]", "[24]"),
            ("\"per_day\":6", "\"per_day\":-6"),
            ("\"issued_at\":1795486000000", "\"issued_at\":9223372036854775807"),
        ])
    func refused(_ what: String, _ other: String) throws {
        #expect(Self.policy.contains(what))
        #expect(try !policy(what, other).isPlausible)
    }

    @Test("a lock set's times must be such that a moment can be told of them")
    func lockSet() {
        func set(_ expires: Int64?) -> LockSet {
            let now = Timestamp(milliseconds: 1_795_486_000_000)
            let lock = Lock(
                id: "L-2026-000001", scope: .unit(UnitCode(unchecked: "H26")), reason: "staff",
                message: Localized(vi: "a", en: "b"), issuedAt: now,
                expiresAt: expires.map { Timestamp(milliseconds: $0) })
            return LockSet(
                audience: .nation, version: Version(generation: 1, counter: 1), issuedAt: now,
                locks: [lock], waivers: [])
        }
        #expect(set(nil).isPlausible && set(1_795_486_000_000).isPlausible)
        #expect(!set(.max).isPlausible && !set(.min).isPlausible)
    }

    @Test(
        "a version has one text",
        arguments: ["01.2", "+1.2", "1.02", "1.-0", "1", "1.2.3", "-1.2", ""])
    func version(_ text: String) {
        #expect(Version(text) == nil && Version("1.2")?.description == "1.2")
    }
}
