import CollectorValues
import Domain
import Platform

/// One row, its cells by column; collects what is wrong with them.
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

    /// Of one line, all of which can be seen.
    package mutating func seen(_ column: String) -> StoredValue { free(column, hasLines: false) }

    /// As people write, in several lines where they want.
    package mutating func lines(_ column: String) -> StoredValue { free(column, hasLines: true) }

    private mutating func free(_ column: String, hasLines: Bool) -> StoredValue {
        if let fault = Lookalikes.hidden(in: text(column), hasLines: hasLines) {
            problem(column, fault.en, vi: fault.vi)
        }
        return .text(text(column))
    }

    /// What others compare letter by letter: nothing in it looks like something else.
    package mutating func code(_ column: String) -> StoredValue {
        if let fault = Lookalikes.fault(in: text(column)) {
            problem(column, fault.en, vi: fault.vi)
        }
        return .text(text(column))
    }

    package mutating func name<T: Name>(_ column: String, _ type: T.Type) -> StoredValue {
        // What cannot be seen or looks like something else is told before what a name is made of.
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
