import CollectorValues
import Domain
import Platform

/// Reads the cells of one row by column, and collects what is wrong with them.
struct RowReader {
    package let file: String
    package let row: CSV.Row
    package let columns: [String: Int]
    package var problems: [Localized] = []

    init(file: String, row: CSV.Row, columns: [String: Int]) {
        self.file = file
        self.row = row
        self.columns = columns
    }

    package func text(_ column: String) -> String {
        columns[column].map { CSV.trimmed(row.cells[$0]) } ?? ""
    }

    package mutating func problem(_ column: String, _ what: String, vi: String) {
        let place = "\(file):\(row.line): \(column): \"\(shown(text(column)))\" "
        problems.append(Localized(vi: place + vi, en: place + what))
    }

    package mutating func required(_ column: String) -> StoredValue {
        if text(column).isEmpty {
            problem(column, "is empty; it must be given", vi: "để trống; bắt buộc phải có")
        }
        return seen(column)
    }

    /// Reads a text of one line without invisible characters.
    package mutating func seen(_ column: String) -> StoredValue { free(column, hasLines: false) }

    /// Reads a text that may have several lines.
    package mutating func lines(_ column: String) -> StoredValue { free(column, hasLines: true) }

    private mutating func free(_ column: String, hasLines: Bool) -> StoredValue {
        if let fault = Lookalikes.hidden(in: text(column), hasLines: hasLines) {
            problem(column, fault.en, vi: fault.vi)
        }
        return .text(text(column))
    }

    /// Reads a code that is compared letter by letter. No letter of it may look like another one.
    package mutating func code(_ column: String) -> StoredValue {
        if let fault = Lookalikes.fault(in: text(column)) {
            problem(column, fault.en, vi: fault.vi)
        }
        return .text(text(column))
    }

    package mutating func name<T: Name>(_ column: String, _ type: T.Type) -> StoredValue {
        // Invisible or misleading letters are reported first, then those that a name cannot have.
        if let fault = Lookalikes.fault(in: text(column)) {
            problem(column, fault.en, vi: fault.vi)
        } else if !T.accepts(text(column)) {
            problem(column, "must be \(T.rule.en)", vi: "phải là \(T.rule.vi)")
        }
        return .text(text(column))
    }

    package mutating func oneOf(_ column: String, _ values: [String]) -> StoredValue {
        if !values.contains(text(column)) {
            problem(
                column, "must be one of \(values.joined(separator: ", "))",
                vi: "phải là một trong \(values.joined(separator: ", "))")
        }
        return .text(text(column))
    }

    package mutating func number(_ column: String, _ most: Int64) -> StoredValue {
        let text = text(column)
        if text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int64(text),
            (0...most).contains(value)
        {
            return .integer(value)
        }
        problem(
            column, "is not a whole number of queries from 0 to \(most)",
            vi: "không phải số lượt truy vấn nguyên từ 0 đến \(most)")
        return .integer(0)
    }
}
