import CollectorStore
import CollectorValues
import Domain

/// Stops mass locks by detectors (R4–R6, X*). Once more than 5 units, or more than max(3, 10 %) of the systems, would
/// be locked within an hour, further locks become proposals. R1–R3 go on, because their numbers are those of the
/// letter.
struct Breaker {
    static let unitsMax = 5
    static let hourMilliseconds: Int64 = 3_600_000

    package let records: Records
    package let now: Timestamp

    func allows(_ concerned: Set<SystemCode>, _ config: CollectorConfig) throws -> Bool {
        let since = now.advanced(byMilliseconds: -Self.hourMilliseconds)
        var systems = concerned
        for scope in try records.automaticLocks(since: since) {
            switch scope {
            case .person(let id):
                systems.formUnion(try records.accounts(ofPerson: id).map(\.system))
            default: if let system = scope.system { systems.insert(system) }
            }
        }
        let systemsMax = max(3, Int(try records.systemCount() / 10))
        guard systems.count > systemsMax || Set(systems.map(\.unit)).count > Self.unitsMax else {
            return true
        }
        let units = Set(systems.map(\.unit)).count
        try records.add(
            Finding(
                rule: .x1, kind: "breaker", scope: "nation", key: now.hourStart.description,
                from: since,
                at: now,
                message: MessageKey.alertBreaker.text([
                    "period": Localized(vi: "một giờ", en: "an hour"),
                    "count": .same(systems.count),
                    "n": .same(units), "limit": .same(systemsMax),
                ]),
                figures: [
                    "systems": .integer(Int64(systems.count)), "units": .integer(Int64(units)),
                ],
                evidence: []))
        return false
    }
}
