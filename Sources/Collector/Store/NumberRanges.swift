import CollectorValues
import Domain
import Platform

/// The ranges of numbers in a database, so that no arithmetic on them can overflow. They go by the names of columns, so
/// that a new table is covered as well.
package enum NumberRanges {
    /// Milliseconds, to the end of the year 9999.
    package static let times: ClosedRange<Int64> = 0...253_402_300_799_999
    private static let hours: ClosedRange<Int64> = 0...70_389_527
    private static let dates: ClosedRange<Int64> = 0...2_932_896
    /// Counts, a thousand of which fit into a sum. Whoever adds to a count stops once it holds `sumsMax`, so it stays
    /// within this range however much agents tell.
    package static let numbers: ClosedRange<Int64> = 0...(1 << 53 - 1)
    /// A sum that holds this much no longer grows: what one summary adds to it (at most 2^40) still fits into
    /// `numbers`.
    static let sumsMax: Int64 = 1 << 52

    /// Numbers that are given one after the other, at most a thousand a millisecond. So what is in range now stays in
    /// range, however many are given in between, and the next backup can be restored as well.
    static func serials(at now: Timestamp) -> ClosedRange<Int64> {
        let earliest = Timestamp.plausible.lowerBound.milliseconds
        return 0...min(numbers.upperBound, max(now.milliseconds, earliest).multiplied(by: 1000))
    }

    private static let serialNames: Set<String> = [
        "id", "number", "alert", "counter", "generation", "value", "position", "since", "epoch",
        "account", "service", "system",
    ]

    /// Returns the SQL for `column = column + added`, which stops at the bound.
    package static func adding(_ column: String, _ added: String) -> String {
        "\(column) = CASE WHEN \(column) < \(sumsMax) THEN \(column) + \(added) ELSE \(column) END"
    }

    private static let timeNames: Set<String> = [
        "at", "until", "covered_to", "last_seen", "first_refusal", "not_before", "received_to",
    ]

    package static func range(_ table: String, _ column: String, at now: Timestamp) -> ClosedRange<
        Int64
    > {
        switch column {
        case _ where serialNames.contains(column): serials(at: now)
        // The agent that sends summaries chooses these; a summary with others is refused.
        case "seq", "first_seq", "last_seq", "returns": Summary.counts
        case "skew_ms": -numbers.upperBound...numbers.upperBound
        case "every_ms": numbers
        // Levels of a quota: credit makes them negative.
        case "bytes", "rows", "alerts", "queries":
            table == "sender" ? -numbers.upperBound...numbers.upperBound : numbers
        case "date", "dates_from": dates
        case "hours_from": hours
        case "hour": table.hasPrefix("usage_") ? hours : times
        case _
        where timeNames.contains(column) || column.hasSuffix("_ms") || column.hasSuffix("_at"):
            times
        default: numbers
        }
    }

    package struct Finding {
        package let table: String
        package let column: String
        package let value: String

        package init(
            table: String, column: String, value: String
        ) {
            self.table = table
            self.column = column
            self.value = value
        }
    }

    /// Returns the first number that is out of range, or nil. Reads every row.
    package static func problem(in db: SQLiteConnection, at now: Timestamp) throws
        -> Finding?
    {
        let columns = try db.rows(
            """
            SELECT m.name, x.name, x.type FROM sqlite_schema m, pragma_table_xinfo(m.name) x
            WHERE m.type = 'table' AND x.type IN ('INTEGER', 'REAL') ORDER BY 1, x.cid
            """
        ) { (table: $0.text(0), column: $0.text(1), isWhole: $0.text(2) == "INTEGER") }
        for (table, group) in Dictionary(grouping: columns, by: \.table).sorted(by: {
            $0.key < $1.key
        }) {
            let conditions = group.map { column in
                let name = quoted(column.column)
                guard column.isWhole else { return "\(name) NOT BETWEEN 0 AND 1" }
                let range = range(table, column.column, at: now)
                return "\(name) NOT BETWEEN \(range.lowerBound) AND \(range.upperBound)"
            }
            let names = group.map { quoted($0.column) }.joined(separator: ", ")
            let found = try db.first(
                "SELECT \(names) FROM \(quoted(table)) WHERE \(conditions.joined(separator: " OR ")) LIMIT 1"
            ) { row in
                zip(group, Int32(0)...).compactMap { column, place -> Finding? in
                    guard !row.isNull(place) else { return nil }
                    let isInside =
                        column.isWhole
                        ? range(table, column.column, at: now).contains(row.integer(place))
                        : (0.0...1.0).contains(row.real(place))
                    return isInside
                        ? nil : Finding(table: table, column: column.column, value: row.text(place))
                }.first
            }
            if let found, let finding = found { return finding }
        }
        return nil
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
