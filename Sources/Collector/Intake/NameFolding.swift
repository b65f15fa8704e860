import Domain

/// Names that nobody registered are whatever somebody types: of a system and date the first so many are counted under
/// themselves, what is beyond under `*other`. Totals stay exact; the tables do not grow with made-up names. What was
/// signed is kept as it is, and `EvidenceCheck` adds it up by the same rule.
struct NameFolding {
    static let loginsMax = 1000
    static let servicesMax = 100

    let records: Records
    let system: SystemCode

    private struct Place: Hashable {
        let date: Int64
        let name: ExactText
    }

    private struct Cell: Hashable {
        let login: Login
        let service: ServiceName
        let hour: Timestamp
        let window: WindowKind
    }

    /// The same rows where nothing is beyond the bounds.
    func folded(_ rows: [SummaryRow]) throws -> [SummaryRow] {
        var logins: [Place: Bool] = [:]
        var services: [Place: Bool] = [:]
        var isAny = false
        var told = rows
        for (index, row) in rows.enumerated() {
            let date = Int64(row.hour.date.daysSinceEpoch)
            if try isBeyond(login: row.login, date, &logins) {
                told[index].login = .folded
                isAny = true
            }
            if try isBeyond(service: row.service, date, &services) {
                told[index].service = .folded
                isAny = true
            }
        }
        return isAny ? Self.merged(told) : rows
    }

    private static func merged(_ rows: [SummaryRow]) -> [SummaryRow] {
        var places: [Cell: Int] = [:]
        var merged: [SummaryRow] = []
        for row in rows {
            let cell = Cell(
                login: row.login, service: row.service, hour: row.hour, window: row.window)
            if let place = places[cell] {
                merged[place].add(row)
            } else {
                places[cell] = merged.count
                merged.append(row)
            }
        }
        return merged
    }

    private func isBeyond(login: Login, _ date: Int64, _ known: inout [Place: Bool]) throws -> Bool
    {
        let place = Place(date: date, name: ExactText(login.rawValue))
        if let found = known[place] { return found }
        let isFree = try login == .folded || records.account(login, system) != nil
        let found =
            try !isFree
            && !records.takesName(
                login.rawValue, .login, system, date: date, countMax: Self.loginsMax)
        known[place] = found
        return found
    }

    private func isBeyond(service: ServiceName, _ date: Int64, _ known: inout [Place: Bool]) throws
        -> Bool
    {
        let place = Place(date: date, name: ExactText(service.rawValue))
        if let found = known[place] { return found }
        let isFree = try service == .folded || records.volumes(service, system) != nil
        let found =
            try !isFree
            && !records.takesName(
                service.rawValue, .service, system, date: date, countMax: Self.servicesMax)
        known[place] = found
        return found
    }
}
