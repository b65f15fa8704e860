import Domain

/// How fast accounts and source addresses send (R9). Bounded: what does not fit goes unlimited and is
/// counted.
struct Rates {
    static let sourcesMax = 10_000

    private var accounts: [Login: RateMeter] = [:]
    private var sources: [String: RateMeter] = [:]
    /// Queries of sources that found no room.
    private(set) var unmetered: Int64 = 0

    struct Excess {
        let waitMilliseconds: Int64
        let refusedInRow: Int
        let rate: Rate
        let isSource: Bool
    }

    /// Nil: within the limits.
    mutating func take(_ query: Query, _ setting: RateSetting, trustsSources: Bool) -> Excess? {
        if let rate = setting.account {
            // Only registered accounts come here, so their number is bounded by the policy.
            var meter = accounts[query.login] ?? RateMeter()
            let wait = meter.take(rate, at: query.at)
            accounts[query.login] = meter
            if let wait {
                return Excess(
                    waitMilliseconds: wait, refusedInRow: meter.refusedInRow, rate: rate,
                    isSource: false)
            }
        }
        guard trustsSources, let rate = setting.source, !query.source.isEmpty else { return nil }
        guard makeRoom(for: query) else { return nil }
        var meter = sources[query.source] ?? RateMeter()
        let wait = meter.take(rate, at: query.at)
        sources[query.source] = meter
        return wait.map {
            Excess(
                waitMilliseconds: $0, refusedInRow: meter.refusedInRow, rate: rate, isSource: true)
        }
    }

    private mutating func makeRoom(for query: Query) -> Bool {
        if sources[query.source] != nil || sources.count < Self.sourcesMax { return true }
        sources = sources.filter { !$0.value.isIdle(at: query.at) }
        if sources.count < Self.sourcesMax { return true }
        unmetered += 1
        return false
    }
}
