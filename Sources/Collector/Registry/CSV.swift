import CollectorValues
import Domain

/// Reads CSV as of RFC 4180: a header row, UTF-8 (a byte order mark is skipped), separated by comma or semicolon.
package struct CSV {
    package struct Problem: Error { let line: Int; let message: Localized }

    package struct Row {
        package let line: Int
        package let cells: [String]

        package init(
            line: Int, cells: [String]
        ) {
            self.line = line
            self.cells = cells
        }
    }

    package static let rowsMax = 1_000_000
    static let cellBytesMax = 4096

    package let header: [String]
    package let rows: [Row]

    /// Reads all of it into memory; for small files only.
    package init(_ text: String) throws {
        var (head, all): ([String], [Row]) = ([], [])
        try Self.read(text) {
            head = $0
        } row: {
            all.append($0)
        }
        (header, rows) = (head, all)
    }

    /// Calls `header`, then `row` for each row that is not empty. Throws `Problem`, or what the two throw.
    package static func read(
        _ text: String, rowsMax: Int = CSV.rowsMax, header: ([String]) throws -> Void,
        row: (Row) throws -> Void
    ) throws {
        var width: Int?
        try parse(text, rowsMax) { line in
            guard let width else {
                let head = line.cells.map(trimmed)
                width = head.count
                return try header(head)
            }
            guard !line.cells.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) else { return }
            guard line.cells.count == width else {
                throw Problem(
                    line: line.line,
                    message: Localized(
                        vi: "có \(line.cells.count) ô; dòng tiêu đề có \(width)",
                        en: "\(line.cells.count) cells; the header has \(width)"))
            }
            try row(line)
        }
        guard width != nil else {
            throw Problem(
                line: 1,
                message: Localized(
                    vi: "tệp trống; cần dòng tiêu đề",
                    en: "the file is empty; a header row is needed"))
        }
    }

    static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// Finds the separator in the header, whose cells may hold anything in quotes, even over several lines.
    private static func separator(of scalars: Substring.UnicodeScalarView) -> Unicode.Scalar {
        // Within a cell that does not begin with a quote, a quote is an ordinary character.
        var (isQuoted, isStart, wasQuoted) = (false, true, false)
        var hasSemicolon = false
        for scalar in scalars {
            if scalar == "\"", isStart || wasQuoted {
                isQuoted.toggle()
                (isStart, wasQuoted) = (false, true)
                continue
            }
            guard !isQuoted else { continue }
            if scalar == "\n" { break }
            if scalar == "," { return "," }
            if scalar == ";" { hasSemicolon = true }
            (isStart, wasQuoted) = (scalar == ";", false)
        }
        return hasSemicolon ? ";" : ","
    }

    private static func parse(_ text: String, _ rowsMax: Int, _ each: (Row) throws -> Void) throws {
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars = scalars.dropFirst() }
        let separator = separator(of: scalars)
        var count = 0
        var cells: [String] = []
        var cell = ""
        var line = 1
        var start = 1
        var isQuoted = false
        var wasQuoted = false
        func finish() throws(Problem) {
            guard cell.utf8.count <= cellBytesMax else {
                throw Problem(
                    line: line,
                    message: Localized(
                        vi: "một ô dài \(cell.utf8.count) byte; tối đa \(cellBytesMax)",
                        en: "a cell of \(cell.utf8.count) bytes; \(cellBytesMax) at most"))
            }
            cells.append(cell)
            cell = ""
            wasQuoted = false
        }
        func next() throws {
            // The header does not count.
            guard count <= rowsMax else {
                throw Problem(
                    line: start,
                    message: Localized(
                        vi: "có hơn \(rowsMax) dòng; hãy chia tệp",
                        en: "more than \(rowsMax) rows; split the file"))
            }
            let row = Row(line: start, cells: cells)
            count += 1
            cells = []
            start = line
            try each(row)
        }
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            index = scalars.index(after: index)
            if scalar == "\n" { line += 1 }
            if isQuoted {
                if scalar != "\"" {
                    cell.unicodeScalars.append(scalar)
                } else if index < scalars.endIndex, scalars[index] == "\"" {
                    cell += "\""
                    index = scalars.index(after: index)
                } else {
                    isQuoted = false
                }
            } else if scalar == "\"", cell.isEmpty, !wasQuoted {
                isQuoted = true
                wasQuoted = true
            } else if scalar == separator {
                try finish()
            } else if scalar == "\n" {
                if cell.unicodeScalars.last == "\r" { cell.unicodeScalars.removeLast() }
                try finish()
                try next()
            } else if wasQuoted, scalar != "\r" {
                throw Problem(
                    line: line,
                    message: Localized(
                        vi: "có chữ sau dấu nháy kép đóng ô; dấu nháy trong ô phải viết hai lần",
                        en: "text after the quote that ends a cell; a quote inside is written twice"
                    ))
            } else {
                cell.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else {
            throw Problem(
                line: start,
                message: Localized(
                    vi: "dấu nháy kép chưa đóng", en: "a quote is not closed"))
        }
        if !cell.isEmpty || !cells.isEmpty {
            try finish()
            try next()
        }
    }
}
