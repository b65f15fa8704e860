import CollectorStore
import CollectorValues
import Domain
import Platform

/// What lists will have lost within a day once an import is in force. This counts the import together with those of the
/// last 24 hours, so that no series of small steps removes a list without a question. It is read from the rows, each of
/// which stays with the registrations that brought and ended it.
package struct RegistryLosses {
    static let spanMilliseconds = Timestamp.millisecondsPerDay

    /// The losses of one list: a system's accounts, services or notices.
    package struct Loss {
        package let place: String
        /// Rows that this import removes (`gone`), and rows that stay but no longer allow anything (`emptied`).
        package var gone: [String] = []
        var emptied: [String] = []
        /// Rows that keep less than half of what they had by this import, as `40→10`.
        package var cut: [String] = []
        /// Losses within the day, including this import.
        var lostInDay = 0
        var cutInDay = 0
        /// How many rows were in force at some time of the day.
        package var total = 0
        /// The same for rows that were in force when the day began. New rows must not make a list look longer while it
        /// loses its old ones.
        var oldTotal = 0
        var oldLost = 0

        package init(_ place: String) { self.place = place }

        var lost: [String] { gone + emptied }
        var isMuchLost: Bool {
            RegistryLosses.isMuch(lostInDay, of: total)
                || RegistryLosses.isMuch(oldLost, of: oldTotal)
        }
        var isMuchCut: Bool {
            cutInDay >= RegistryLosses.cutMin && RegistryLosses.isMuch(cutInDay, of: total)
        }
    }

    /// If more than this percentage of a list is lost, the import must be confirmed.
    static let percentMax = 10
    /// Correcting fewer rows than this is no loss.
    static let cutMin = 20

    static func isMuch(_ count: Int, of total: Int) -> Bool { count * 100 > total * percentMax }

    package let records: Records
    package let now: Timestamp

    /// Returns the lists that lose something by this import, by system.
    package func all(_ plan: RegistryPlan) throws -> [Loss] {
        let kind = plan.kind
        guard kind.hasRegistrations else { return [] }
        var losses: [SystemCode: Loss] = [:]
        for change in plan.changes {
            switch change {
            case .added: continue
            case .removed(let key, _):
                let system = SystemCode(unchecked: key[0].asText)
                losses[system, default: Loss(system.rawValue)].gone.append(key[1].asText)
            case .changed(let row, let former):
                let (was, will) = (level(kind, former), level(kind, row.values))
                let name = row.key[1].asText
                if isEmptied(was, will) {
                    losses[row.system, default: Loss(row.system.rawValue)].emptied.append(name)
                } else if isCut(was, will) {
                    let told = zip(was, will).map { "\($0)→\($1)" }.joined(separator: " ")
                    losses[row.system, default: Loss(row.system.rawValue)].cut.append(
                        "\(name) \(told)")
                }
            }
        }
        guard !losses.isEmpty else { return [] }
        let before = try records.registration(
            at: now.advanced(byMilliseconds: -Self.spanMilliseconds))
        for system in losses.keys { try count(kind, system, since: before, plan, &losses) }
        return losses.values.sorted { $0.place < $1.place }
    }

    /// Adds what the list of a system held within the day, and how much of it is left.
    private func count(
        _ kind: RegistryKind, _ system: SystemCode, since before: Int64, _ plan: RegistryPlan,
        _ losses: inout [SystemCode: Loss]
    ) throws {
        var was: [ExactText: [Int64]] = [:]
        var will: [ExactText: [Int64]] = [:]
        var old: Set<ExactText> = []
        try records.eachRegistered(kind, system, since: before) { key, values, isOld, isInForce in
            let (name, level) = (RegistryRow.name(key), level(kind, values))
            was[name] = was[name].map { zip($0, level).map(max) } ?? level
            if isOld { old.insert(name) }
            if isInForce { will[name] = level }
        }
        for change in plan.changes {
            switch change {
            case .added(let row), .changed(let row, _):
                if row.system == system { will[row.name] = level(kind, row.values) }
            case .removed(let key, _):
                if key[0].asText == system.rawValue { will[RegistryRow.name(key)] = nil }
            }
        }
        losses[system]?.total = was.count
        losses[system]?.oldTotal = old.count
        for (name, level) in was {
            guard let left = will[name], !isEmptied(level, left) else {
                losses[system]?.lostInDay += 1
                if old.contains(name) { losses[system]?.oldLost += 1 }
                continue
            }
            if isCut(level, left) { losses[system]?.cutInDay += 1 }
        }
    }

    /// Returns how many queries a row allows, by kind of query.
    private func level(_ kind: RegistryKind, _ values: [StoredValue]) -> [Int64] {
        func number(_ column: String) -> Int64 { values[kind.place(of: column)].asNumber }
        switch kind {
        case .accounts: return [number("per_day")]
        case .services: return [number("office_per_day"), number("off_per_day")]
        case .notices:
            // Only an accepted notice that has not ended excuses.
            let isOpen =
                values[kind.place(of: "status")].asText == "accepted"
                && values[kind.place(of: "to_date")].asText >= now.date.description
            return [isOpen ? number("per_day") : 0]
        case .units, .systems: return []
        }
    }

    private func isEmptied(_ was: [Int64], _ will: [Int64]) -> Bool {
        zip(was, will).contains { $0 > 0 && $1 <= 0 }
    }

    private func isCut(_ was: [Int64], _ will: [Int64]) -> Bool {
        zip(was, will).contains { $1 < $0 / 2 }
    }
}
