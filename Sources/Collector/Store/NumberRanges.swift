import CollectorValues
import Domain
import Platform

/// What numbers a database may hold, so that no arithmetic on them can overflow: by the names of columns, so that a new
/// table is held to it as well.
package enum NumberRanges {
    /// Milliseconds, to the end of the year 9999.
    package static let times: ClosedRange<Int64> = 0...253_402_300_799_999
    private static let hours: ClosedRange<Int64> = 0...70_389_527
    private static let dates: ClosedRange<Int64> = 0...2_932_896
    /// Counts: a thousand of them have room in a sum. Who adds to one adds nothing any more once it holds `sumsMax`, so
    /// that it stays within this range however much is told.
    package static let numbers: ClosedRange<Int64> = 0...(1 << 53 - 1)
    /// From here on a sum grows no more: what one summary adds to it (at most 2^40) still fits into `numbers`.
    static let sumsMax: Int64 = 1 << 52

    /// Numbers that are given one after the other. None is given faster than a thousand a millisecond: what lies within
    /// now will lie within later, however many are given in between, so that the next backup can be restored as well.
    static func serials(at now: Timestamp) -> ClosedRange<Int64> {
        let earliest = Timestamp.plausible.lowerBound.milliseconds
        return 0...min(numbers.upperBound, max(now.milliseconds, earliest).multiplied(by: 1000))
    }

    private static let serialNames: Set<String> = [
        "id", "number", "alert", "counter", "generation", "value", "position", "since", "epoch",
        "account", "service", "system",
    ]

    /// `column = column + added`, which ends at the bound.
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
        // Of who sends summaries, which may tell no other.
        case "seq", "first_seq", "last_seq", "returns": Summary.counts
        case "skew_ms": -numbers.upperBound...numbers.upperBound
        case "every_ms": numbers
        // Levels of a quota: below nothing lies credit.
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

    /// The first number that is outside; nil: none is. Reads every row.
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
