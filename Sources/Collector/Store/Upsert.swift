import Platform

/// Adds to rows of a table, sixteen in one statement if there are as many, because half the cost of a row is its
/// statement. Columns in `shared` have one value for all rows; those in `adding` are sums, which stop at
/// `NumberRanges.sumsMax`; the others are the key.
struct Upsert {
    package static let rowsMax = 16

    private let one: String
    private let many: String
    /// The number of values in a row.
    private let width: Int

    init(_ table: String, shared: [String], own: [String], adding: [String]) {
        width = own.count + adding.count
        one = Self.sql(table, shared, own, adding, rows: 1)
        many = Self.sql(table, shared, own, adding, rows: Self.rowsMax)
    }

    private static func sql(
        _ table: String, _ shared: [String], _ own: [String], _ adding: [String], rows: Int
    ) -> String {
        let width = own.count + adding.count
        let lines = (0..<rows).map { row in
            let places =
                Array(1...shared.count) + (0..<width).map { shared.count + row * width + $0 + 1 }
            return "(" + places.map { "?\($0)" }.joined(separator: ", ") + ")"
        }
        let columns = (shared + own + adding).joined(separator: ", ")
        let sums = adding.map { NumberRanges.adding($0, "excluded.\($0)") }.joined(separator: ", ")
        return
            "INSERT INTO \(table) (\(columns)) VALUES \(lines.joined(separator: ", ")) ON CONFLICT DO UPDATE SET \(sums)"
    }

    /// `rows` holds the own columns and sums of each row, one row after the other.
    package func run(_ db: SQLiteConnection, shared: [SQLiteValue], rows: [SQLiteValue]) throws {
        var place = 0
        while place < rows.count {
            let count = rows.count - place >= Self.rowsMax * width ? Self.rowsMax : 1
            try db.run(
                count == 1 ? one : many, values: shared + rows[place..<(place + count * width)])
            place += count * width
        }
    }
}
