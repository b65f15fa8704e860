import CollectorValues

/// Adds cells to the lines that they belong to.
struct UsageAdder {
    private let places: [Int64: UsagePlace]
    private var sums: [UsageKey: QueryCounts] = [:]
    private let hasUnit, hasSystem, hasAccount, hasService: Bool
    private let hasHour, hasDay, hasDate, hasWindow: Bool
    /// Whether lines by account alone, which make the longest answers, are added by the account's number. Accounts with
    /// numbers that no collector gives are added by name.
    private let isByAccount: Bool
    private static let placesMax: Int64 = 1 << 21
    private var accounts: [(system: Int64, sums: QueryCounts)] = []
    private var lastSystem: Int64 = -1
    private var lastPlace: UsagePlace?

    init(by: Set<String>, places: [Int64: UsagePlace]) {
        self.places = places
        (hasUnit, hasSystem) = (by.contains("unit"), by.contains("system"))
        (hasAccount, hasService) = (by.contains("account"), by.contains("service"))
        (hasHour, hasDay) = (by.contains("hour"), by.contains("day"))
        (hasDate, hasWindow) = (by.contains("date"), by.contains("window"))
        isByAccount = hasAccount && by.isSubset(of: ["account", "system", "unit"])
    }

    package mutating func add(_ cell: UsageCell, from source: UsageSource) {
        if isByAccount {
            guard (0..<Self.placesMax).contains(cell.account) else {
                let key = UsageKey(place: cell.system, account: cell.account)
                sums[key, default: QueryCounts()].add(cell)
                return
            }
            let place = Int(cell.account)
            while accounts.count <= place { accounts.append((-1, QueryCounts())) }
            accounts[place].system = cell.system
            accounts[place].sums.add(cell)
            return
        }
        if lastSystem != cell.system {
            lastSystem = cell.system
            lastPlace = places[cell.system]
        }
        sums[key(of: cell, from: source), default: QueryCounts()].add(cell)
    }

    package func finish() -> [UsageKey: QueryCounts] {
        guard isByAccount else { return sums }
        var all = sums
        for (account, line) in accounts.enumerated() where line.system >= 0 {
            all[UsageKey(place: line.system, account: Int64(account))] = line.sums
        }
        return all
    }

    private func key(of cell: UsageCell, from source: UsageSource) -> UsageKey {
        var key = UsageKey()
        if hasAccount {
            key.account = cell.account
            key.place = cell.system
        } else if hasSystem {
            key.place = cell.system
        } else if hasUnit {
            key.place = lastPlace?.unit ?? -1
        }
        if hasService { key.service = cell.service }
        if hasWindow { key.isOff = cell.isOff }
        if hasHour { key.hour = cell.time }
        guard hasDate || hasDay else { return key }
        let date = source == .dates ? cell.time : UsageTotals.date(of: cell.time)
        if hasDate { key.date = date }
        if hasDay {
            let isEarly =
                source == .dates
                ? cell.isEarly
                : cell.time.subtracting(UsageTotals.hour(ofDate: date)) < lastPlace?.opening ?? 7
            key.day = isEarly ? date.subtracting(1) : date
        }
        return key
    }
}
