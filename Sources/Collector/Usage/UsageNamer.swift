import CollectorStore
import Domain

/// Finds the names of what lines of an answer stand for.
struct UsageNamer {
    package let records: Records
    /// The codes of systems, by their numbers.
    package let codes: [Int64: String]
    package let units: [Int64: String]
    /// Whether lines give a system's unit instead of the system.
    let isByUnit: Bool
    private var services: [Int64: String] = [:]

    init(records: Records, codes: [Int64: String], units: [Int64: String], isByUnit: Bool) {
        self.records = records
        self.codes = codes
        self.units = units
        self.isByUnit = isByUnit
    }

    package mutating func name(_ column: String, _ key: UsageKey) throws -> String {
        switch column {
        case "unit":
            let unit = codes[key.place].map { SystemCode(unchecked: $0).unit.rawValue }
            return (isByUnit ? units[key.place] : unit) ?? "?"
        case "system": return codes[key.place] ?? "?"
        case "service":
            if let name = services[key.service] { return name }
            let name = try records.usageServiceName(key.service)
            services[key.service] = name
            return name
        case "account": return try records.usageLogin(key.account)
        case "hour": return UsageTotals.time(key.hour).rfc3339Seconds
        case "day": return CalendarDate(daysSinceEpoch: Int(key.day)).description
        case "date": return CalendarDate(daysSinceEpoch: Int(key.date)).description
        default: return (key.isOff ? WindowKind.off : .office).rawValue
        }
    }
}
