import CollectorValues
import Domain
import Platform

/// Texts of a database that the program does not read as text: words of a short list, and JSON. A row with an
/// unexpected text would be misread (a lock in an unknown state as one in force), or not be read at all.
package enum KnownTexts {
    package struct Finding {
        package let place: String
        package let row: String
        package let value: String

        package init(
            place: String, row: String, value: String
        ) {
            self.place = place
            self.row = row
            self.value = value
        }
    }

    private struct Words {
        let table: String
        let column: String
        let key: String
        let words: [String]
    }

    private static let words = [
        Words(
            table: "lock", column: "state", key: "id", words: LockState.allCases.map(\.rawValue)),
        Words(table: "alert", column: "state", key: "id", words: ["open", "resolved"]),
        Words(table: "agent", column: "state", key: "id", words: ["active", "revoked"]),
        Words(
            table: "system", column: "mode", key: "code",
            words: Policy.Mode.allCases.map(\.rawValue)),
    ]

    /// Columns that hold JSON, which SQLite's own parser checks; `type` is the type of the whole value.
    private static let json = ["alert", "lock"].flatMap { table in
        [(table, "figures", "object"), (table, "evidence", "array")]
    }

    /// Returns the first unexpected text, or nil. Reads every row of these tables.
    package static func problem(in db: SQLiteConnection) throws -> Finding? {
        for known in words {
            let list = known.words.map { "'\($0)'" }.joined(separator: ", ")
            let found = try find(
                known.table, known.column, known.key, "\(known.column) NOT IN (\(list))", db)
            if let found { return found }
        }
        for (table, column, type) in json {
            let found = try find(
                table, column, "id",
                "NOT (json_valid(\(column)) AND json_type(\(column)) = '\(type)')", db)
            if let found { return found }
        }
        return nil
    }

    private static func find(
        _ table: String, _ column: String, _ key: String, _ condition: String,
        _ db: SQLiteConnection
    ) throws -> Finding? {
        try db.first("SELECT \(key), \(column) FROM \(table) WHERE \(condition) LIMIT 1") {
            Finding(place: "\(table).\(column)", row: $0.text(0), value: $0.text(1))
        }
    }
}
