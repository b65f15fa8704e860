import Domain

/// Measures how fast accounts and source addresses send (R9). Bounded: a source that finds no room is not limited,
/// and is counted.
struct Rates {
    static let sourcesMax = 10_000

    /// Meters by the account's place in the rules; empty until a rate is set.
    private var accounts: [RateMeter] = []
    private var sources: [String: RateMeter] = [:]
    /// Queries of sources that found no room.
    private(set) var unmetered: Int64 = 0

    struct Excess {
        let waitMilliseconds: Int64
        let refusedInRow: Int
        let rate: Rate
        let isSource: Bool
    }

    /// Counts a query against the limits; nil when it is within them.
    mutating func take(
        _ query: Query, _ account: Int, _ setting: RateSetting, trustsSources: Bool
    ) -> Excess? {
        if let rate = setting.account {
            while accounts.count <= account { accounts.append(RateMeter()) }
            if let wait = accounts[account].take(rate, at: query.at) {
                return Excess(
                    waitMilliseconds: wait, refusedInRow: accounts[account].refusedInRow,
                    rate: rate, isSource: false)
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

    /// Moves the same meters to the places of other rules.
    mutating func move(from old: GateRules, to new: GateRules) {
        let former = accounts
        accounts = []
        guard !former.isEmpty else { return }
        accounts = new.accounts.map { account in
            guard let place = old.place(of: account.login), place < former.count else {
                return RateMeter()
            }
            return former[place]
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
