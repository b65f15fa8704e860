import Domain
import Platform

/// Tells which unregistered names are counted under themselves, by system and date (`NameFolding`).
extension Records {
    package enum NameKind: Int64, CaseIterable {
        case login = 0
        case service = 1
    }

    /// Whether a name is counted under itself on a date. A new name is noted if there is room.
    package func takesName(
        _ name: String, _ kind: NameKind, _ system: SystemCode, date: Int64, countMax: Int
    ) throws -> Bool {
        let day = Remembered.NameDay(system: system, date: date, kind: kind.rawValue)
        let names = try remembered?.names[day] ?? countedNames(system, date: date, kind)
        if names.contains(ExactText(name)) { return true }
        guard names.count < countMax else {
            remembered?.keep(names, day)
            return false
        }
        try db.run(
            "INSERT OR IGNORE INTO counted_name (system, date, kind, name) VALUES (?, ?, ?, ?)",
            .text(system.rawValue), .integer(date), .integer(kind.rawValue), .text(name))
        if remembered?.names[day] == nil { remembered?.keep(names, day) }
        remembered?.add(name, day)
        return true
    }

    package func countedNames(_ system: SystemCode, date: Int64, _ kind: NameKind) throws -> Set<
        ExactText
    > {
        Set(
            try db.rows(
                "SELECT name FROM counted_name WHERE system = ? AND date = ? AND kind = ?",
                .text(system.rawValue), .integer(date), .integer(kind.rawValue)
            ) { ExactText($0.text(0)) })
    }

    /// Returns the dates on which this many names of a kind were counted; later names of such a date were folded.
    package func fullDates(_ system: SystemCode, _ kind: NameKind, countMax: Int) throws -> [Int64]
    {
        try db.rows(
            """
            SELECT date FROM counted_name WHERE system = ? AND kind = ?
            GROUP BY date HAVING COUNT(*) >= ? ORDER BY date
            """, .text(system.rawValue), .integer(kind.rawValue), .integer(Int64(countMax))
        ) { $0.integer(0) }
    }

    /// Deletes at most `countMax` names of dates before one, and returns how many.
    package func pruneCountedNames(before date: Int64, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM counted_name WHERE (system, date, kind, name) IN (
            SELECT n.system, n.date, n.kind, n.name FROM system s CROSS JOIN counted_name n
            WHERE n.system = s.code AND n.date < ? LIMIT ?)
            """, .integer(date), .integer(Int64(countMax)))
    }

    package func registeredNames(_ system: SystemCode, _ kind: NameKind) throws -> Set<ExactText> {
        let (table, column) =
            kind == .login ? (Registered.account, "login") : (Registered.service, "service")
        return Set(
            try db.rows("SELECT \(column) FROM \(table) WHERE system = ?", .text(system.rawValue)) {
                ExactText($0.text(0))
            })
    }
}
