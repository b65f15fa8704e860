import CollectorStore
import CollectorUsage
import CollectorValues
import Domain

/// Says where the totals of unregistered names went on dates that had too many of them (`NameFolding`): what was signed
/// under such a name is in the total of `*other`.
package struct FoldedTotals {
    /// The names counted under themselves, by full date.
    private var logins: [Int64: Set<ExactText>] = [:]
    private var services: [Int64: Set<ExactText>] = [:]
    private var registeredLogins: Set<ExactText> = []
    private var registeredServices: Set<ExactText> = []

    package init() {}

    /// Call this inside the read in which the totals are read.
    package init(_ records: Records, _ system: SystemCode) throws {
        for date in try records.fullDates(system, .login, countMax: NameFolding.loginsMax) {
            logins[date] = try records.countedNames(system, date: date, .login)
        }
        for date in try records.fullDates(system, .service, countMax: NameFolding.servicesMax) {
            services[date] = try records.countedNames(system, date: date, .service)
        }
        guard !isEmpty else { return }
        registeredLogins = try records.registeredNames(system, .login)
        registeredServices = try records.registeredNames(system, .service)
    }

    package var isEmpty: Bool { logins.isEmpty && services.isEmpty }

    /// Returns the total that a count belongs to, by what is registered now.
    package func place(of key: TotalKey) -> TotalKey { place(of: key, asRegistered: true) }

    private func place(of key: TotalKey, asRegistered: Bool) -> TotalKey {
        guard !isEmpty else { return key }
        let date =
            key.source == .dates
            ? key.time
            : Int64(
                Timestamp(milliseconds: key.time.multiplied(by: Timestamp.millisecondsPerHour))
                    .date
                    .daysSinceEpoch)
        func isFolded(_ name: String, _ kept: Set<ExactText>?, _ registered: Set<ExactText>) -> Bool
        {
            guard let kept, !kept.contains(ExactText(name)) else { return false }
            return !asRegistered || !registered.contains(ExactText(name))
        }
        var login = key.login
        if let name = login?.rawValue, isFolded(name, logins[date], registeredLogins) {
            login = .folded
        }
        let service =
            isFolded(key.service.rawValue, services[date], registeredServices)
            ? .folded : key.service
        return TotalKey(
            source: key.source, login: login, service: service, time: key.time, window: key.window)
    }

    func placed(_ totals: [TotalKey: QueryCounts]) -> [TotalKey: QueryCounts] {
        guard !isEmpty else { return totals }
        return Dictionary(totals.map { (place(of: $0.key), $0.value) }, uniquingKeysWith: +)
    }

    /// What is left over when names that were registered only after their counts had gone to `*other` are put there, too.
    /// `left`: recorded, less what was signed; nothing of zero.
    func unexplained(_ left: [TotalKey: QueryCounts]) -> [TotalKey: QueryCounts] {
        guard !isEmpty else { return left }
        let groups = Dictionary(grouping: left) { place(of: $0.key, asRegistered: false) }
        return groups.reduce(into: [:]) { rest, group in
            let sum = group.value.reduce(QueryCounts.zero) { $0 + $1.value }
            let isOnlyMissing = group.value.allSatisfy { key, sums in
                key == group.key || (sums.allowed <= 0 && sums.denied <= 0 && sums.passed <= 0)
            }
            if sum == .zero, isOnlyMissing { return }
            for (key, sums) in group.value { rest[key] = sums }
        }
    }
}
