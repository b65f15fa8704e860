import CollectorValues
import Domain
import Platform

/// Where a kind's rows are stored.
extension RegistryKind {
    /// Whether rows are kept with the registrations that brought and ended them. Units and systems are changed in
    /// place.
    package var hasRegistrations: Bool { self != .units && self != .systems }

    /// SQL for the rows in force, to stand behind FROM.
    package var inForce: String { hasRegistrations ? Registered.inForce(table) : table }

    var keyColumns: [String] {
        switch self {
        case .units, .systems: ["code"]
        case .services: ["system", "service"]
        case .accounts: ["system", "login"]
        case .notices: ["system", "service", "from_date", "hours"]
        }
    }

    package var valueColumns: [String] {
        switch self {
        case .units: ["name", "kind", "province_code"]
        case .systems: ["unit", "name", "contact", "phone", "email"]
        case .services: ["office_per_day", "off_per_day", "purpose"]
        case .accounts: ["full_name", "cccd", "officer_code", "phone", "per_day", "kind"]
        case .notices: ["to_date", "per_day", "contact", "status", "number", "plan"]
        }
    }

    package var keyList: String { keyColumns.joined(separator: ", ") }
    var valueList: String { valueColumns.joined(separator: ", ") }
    var keyMatch: String { keyColumns.map { "\($0) = ?" }.joined(separator: " AND ") }

    /// The index of a column in `valueColumns`.
    package func place(of column: String) -> Int {
        guard let place = valueColumns.firstIndex(of: column) else {
            preconditionFailure("\(self) has no \(column)")
        }
        return place
    }

    package static let numbers: Set<String> = ["per_day", "office_per_day", "off_per_day"]

    package func read(_ row: SQLiteRow, _ columns: [String], from first: Int) -> [StoredValue] {
        columns.enumerated().map { index, column in
            let place = Int32(first + index)
            return Self.numbers.contains(column)
                ? .integer(row.integer(place)) : .text(row.text(place))
        }
    }
}
