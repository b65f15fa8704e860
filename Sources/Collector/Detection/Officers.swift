import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension Detection {
    /// An alert of R10 names at most so many accounts.
    private static let namedMax = 5

    /// R10: the officer in the query is not the one registered for the account, which suggests a lent login. There is
    /// one alert a system and day; it grows and names the largest. It covers registered accounts only: nobody knows the
    /// officer of others, and R8 tells of them. The cost depends on the summary's rows, not on how many accounts came
    /// before.
    func examineOfficers(_ summary: Summary, _ source: EvidenceReference) throws {
        guard setting(.r10).effect.alerts else { return }
        var noted: [CalendarDate: [Login: Int64]] = [:]
        for row in summary.rows {
            guard let count = row.would["R10"], count > 0 else { continue }
            let day = calendar.day(at: row.hour)
            let before = noted[day]?[row.login] ?? 0
            noted[day, default: [:]][row.login] = before.adding(count)
        }
        for (day, counts) in noted.sorted(by: { $0.key < $1.key }) {
            let registered = try counts.filter {
                try records.account($0.key, system.code) != nil
            }
            if !registered.isEmpty { try tellOfficers(day, registered, source) }
        }
    }

    private func tellOfficers(
        _ day: CalendarDate, _ counts: [Login: Int64], _ source: EvidenceReference
    ) throws {
        let scope = Scope.system(system.code).description
        let before = try records.figures(.r10, "officer", scope, day.description)
        var (count, accounts) = (integer(before["count"]), integer(before["n"]))
        var named = largest(before["accounts"])
        for (login, more) in counts {
            let total = try records.addNoted(.r10, login, system.code, day, more)
            count = count.adding(more)
            if total == more { accounts = accounts.adding(1) }
            named[login.rawValue] = total
        }
        let most = named.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.namedMax)
        try records.add(
            Finding(
                rule: .r10, kind: "officer", scope: scope, key: day.description,
                from: calendar.bounds(ofDay: day).lowerBound, at: now,
                message: MessageKey.alertR10.text(
                    words([
                        "accounts": .same(
                            most.map { "\(shown($0.key)) (\($0.value))" }
                                .joined(separator: ", ")),
                        "n": .same(accounts), "count": .same(count), "date": dateText(day),
                    ])),
                figures: [
                    "count": .integer(count), "n": .integer(accounts),
                    "accounts": .array(
                        most.map {
                            .object(["login": .string($0.key), "count": .integer($0.value)])
                        }),
                ], evidence: [source]))
    }

    private func integer(_ value: JSONValue?) -> Int64 {
        if case .integer(let number)? = value { number } else { 0 }
    }

    private func largest(_ value: JSONValue?) -> [String: Int64] {
        guard case .array(let list)? = value else { return [:] }
        var named: [String: Int64] = [:]
        for case .object(let entry) in list {
            if case .string(let login)? = entry["login"] { named[login] = integer(entry["count"]) }
        }
        return named
    }
}
