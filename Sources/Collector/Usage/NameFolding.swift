import CollectorStore
import Domain

/// Unregistered names are whatever somebody types. The first ones of a system and date are counted under themselves,
/// and further ones under `*other`. So totals stay exact, and invented names do not make the tables grow. What was
/// signed is kept as it is, and `EvidenceCheck` adds it up by the same rule.
package struct NameFolding {
    package static let loginsMax = 1000
    package static let servicesMax = 100

    package let records: Records
    package let system: SystemCode

    package init(
        records: Records, system: SystemCode
    ) {
        self.records = records
        self.system = system
    }

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

    /// Returns the rows with names beyond the bounds folded.
    package func folded(_ rows: [SummaryRow]) throws -> [SummaryRow] {
        var logins: [Place: Bool] = [:]
        var services: [Place: Bool] = [:]
        var told: [SummaryRow]?
        for (index, row) in rows.enumerated() {
            if try isBeyond(login: row.login, row.hour, &logins) {
                told = told ?? rows
                told?[index].login = .folded
            }
            if try isBeyond(service: row.service, row.hour, &services) {
                told = told ?? rows
                told?[index].service = .folded
            }
        }
        return told.map(Self.merged) ?? rows
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

    /// Most names are registered, and the writer remembers those, so that nothing else is looked up for them.
    private func isBeyond(login: Login, _ hour: Timestamp, _ known: inout [Place: Bool]) throws
        -> Bool
    {
        guard try login != .folded && records.account(login, system) == nil else { return false }
        return try isBeyond(login.rawValue, .login, Self.loginsMax, hour, &known)
    }

    private func isBeyond(service: ServiceName, _ hour: Timestamp, _ known: inout [Place: Bool])
        throws -> Bool
    {
        guard try service != .folded && records.volumes(service, system) == nil else {
            return false
        }
        return try isBeyond(service.rawValue, .service, Self.servicesMax, hour, &known)
    }

    private func isBeyond(
        _ name: String, _ kind: Records.NameKind, _ countMax: Int, _ hour: Timestamp,
        _ known: inout [Place: Bool]
    ) throws -> Bool {
        let date = Int64(hour.date.daysSinceEpoch)
        let place = Place(date: date, name: ExactText(name))
        if let found = known[place] { return found }
        let found = try !records.takesName(name, kind, system, date: date, countMax: countMax)
        known[place] = found
        return found
    }
}
