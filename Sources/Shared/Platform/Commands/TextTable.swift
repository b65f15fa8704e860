/// Rows for people and for spreadsheets.
public struct TextTable: Sendable {
    public let columns: [String]
    public let rows: [[String]]

    /// A row shorter than the head is filled with empty cells; a longer one is cut.
    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows.map { row in
            columns.indices.map { row.indices.contains($0) ? row[$0] : "" }
        }
    }

    /// The table with columns aligned by characters. Control characters are made visible, never sent to the terminal.
    public func text() -> String {
        let all = ([columns] + rows).map { $0.map(Log.escaped) }
        let widths = columns.indices.map { column in
            all.map { $0[column].count }.max() ?? 0
        }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line +=
                    cell
                    + (column == row.count - 1
                        ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
            }
            return line
        }.joined(separator: "\n")
    }

    /// The table as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets a leading apostrophe; a
    /// number does not, nor does a lone `-`, the account of queries by date range.
    public func csv() -> String {
        ([columns] + rows).map(Self.csvLine).joined()
    }

    /// One such line with its end, for tables that are too long to keep in memory.
    public static func csvLine(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    private static func cell(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30..<0x3A).contains($0) || (0x41..<0x5B).contains($0) || (0x61..<0x7B).contains($0)
        }
        if isPlain { return text }
        // This goes by bytes: to Swift, CR LF is one character, and so is a sign with an accent behind it.
        var bytes = [UInt8](text.utf8)
        if startsFormula(bytes), !isNumber(bytes), bytes != [UInt8(ascii: "-")] {
            bytes.insert(UInt8(ascii: "'"), at: 0)
        }
        let quote = UInt8(ascii: "\"")
        if bytes.contains(where: ",\"\r\n".utf8.contains) {
            bytes = [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a spreadsheet may take the text for a formula. Some also take wide forms of the signs, and skip spaces.
    private static func startsFormula(_ bytes: [UInt8]) -> Bool {
        let rest = bytes.drop { $0 == 0x20 }
        guard let first = rest.first else { return false }
        if "=+-@\t\r\n".utf8.contains(first) { return true }
        return ["＝", "＋", "－", "＠"].contains { rest.starts(with: $0.utf8) }
    }

    /// Whether the text is digits with at most one sign and one point, which is all that our programs write. `-inf`,
    /// `0x1p3` and `1e9` are not.
    private static func isNumber(_ bytes: [UInt8]) -> Bool {
        let digits = bytes.first.map("+-".utf8.contains) == true ? bytes.dropFirst() : bytes[...]
        let pieces = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return pieces.count <= 2
            && pieces.allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x30..<0x3A).contains($0) } }
    }
}
