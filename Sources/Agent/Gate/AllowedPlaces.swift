import Domain

/// Where the current ledger counts the allowed queries of registered accounts, so that the usual query is counted
/// without finding its record by name. Takes 4 bytes for each account and service, and holds one clock hour.
struct AllowedPlaces {
    /// With more pairs than this, each query finds its record by name.
    private static let pairsMax = 2_000_000

    private var hour = Timestamp(milliseconds: .min / 2)
    private var places: [UInt32] = []
    private var services = 0

    /// Forgets everything, when the ledger or the rules change.
    mutating func reset() { places = [] }

    /// The place of the record; nil when it is not known yet or not kept.
    func place(_ account: Int, _ service: Int, at now: Timestamp) -> Int? {
        guard isOfHour(now), !places.isEmpty else { return nil }
        let place = places[account * services + service]
        return place == 0 ? nil : Int(place)
    }

    mutating func keep(
        _ place: Int, _ account: Int, _ service: Int, at now: Timestamp, _ rules: GateRules
    ) {
        if places.isEmpty || !isOfHour(now) {
            guard rules.accounts.count * rules.services.count <= Self.pairsMax else { return }
            hour = now.hourStart
            services = rules.services.count
            places = [UInt32](repeating: 0, count: rules.accounts.count * services)
        }
        places[account * services + service] = UInt32(place)
    }

    private func isOfHour(_ now: Timestamp) -> Bool {
        0..<Timestamp.millisecondsPerHour ~= now.milliseconds - hour.milliseconds
    }
}
