/// Rows for people and for spreadsheets.
public struct TextTable: Sendable {
    public let columns: [String]
    public let rows: [[String]]

    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Columns aligned by characters.
    public func text() -> String {
        let all = [columns] + rows
        let widths = columns.indices.map { column in
            all.map { $0[column].count }.max() ?? 0
        }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell + (column == row.count - 1
                    ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
            }
            return line
        }.joined(separator: "\n")
    }

    /// RFC 4180; a cell that a spreadsheet would run as a formula gets a leading apostrophe.
    public func csv() -> String {
        ([columns] + rows).map { $0.map(Self.cell).joined(separator: ",") }
            .joined(separator: "\r\n") + "\r\n"
    }

    private static func cell(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+-@\t\r".contains(first), Double(text) == nil { text = "'" + text }
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
