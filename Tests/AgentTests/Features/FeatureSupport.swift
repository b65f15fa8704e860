import Domain
import Platform
import Wire

@testable import Agent

extension Sample {
    static let today = CalendarDate("2026-11-24")!
    static let nine = Timestamp("2026-11-24T09:00:00")!

    /// A tracker of H26 (Hà Nội) with `accounts` registered logins `canbo0`…, and keys of these dates.
    static func rules(
        accounts: Int = 10, keys: [CalendarDate] = [today, today.next], seed: UInt8 = 1
    )
        -> GateRules
    {
        var policy = policy()
        policy.accounts = (0..<accounts).map {
            .init(login: Login("canbo\($0)")!, perDay: 100, kind: .person)
        }
        policy.keys = keys.map { date in
            DayKey(
                date: date,
                key: Base64URL.encode(
                    [UInt8](repeating: seed &+ UInt8(date.daysSinceEpoch & 63), count: 32)))
        }
        return GateRules(policy: policy, sets: [])
    }

    static func tracker(accounts: Int = 10, keys: [CalendarDate] = [today, today.next])
        -> FeatureTracker
    {
        FeatureTracker(rules(accounts: accounts, keys: keys), at: nine)
    }

    static func sighting(
        _ login: String = "canbo1", at: Timestamp = nine, subject: String = "", source: String = "",
        officer: String = "", unit: String = "", denied: DenialReason? = nil
    ) -> Sighting {
        var sighting = Sighting(
            at: at, login: Login(unchecked: login), service: service, source: source)
        sighting.subject = subject
        sighting.officer = officer
        sighting.serviceUnit = unit
        sighting.reason = denied
        sighting.verdict = denied == nil ? .allow : .deny
        return sighting
    }

    /// An invented subject: place 001 is Hà Nội.
    static func subject(_ number: Int, place: Int = 1) -> String {
        let digits = String(place * 1_000_000_000 + 99_000_000 + number)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}

extension Timestamp {
    func plus(_ milliseconds: Int64) -> Timestamp { advanced(byMilliseconds: milliseconds) }
}
