import Domain

/// Reads RFC 4180 with a header row, UTF-8 (a byte order mark is skipped), comma or semicolon.
struct CSV {
    struct Problem: Error { let line: Int; let message: Localized }

    struct Row {
        let line: Int
        let cells: [String]
    }

    static let rowsMax = 1_000_000
    static let cellBytesMax = 4096

    let header: [String]
    let rows: [Row]

    init(_ text: String) throws(Problem) {
        var all = try Self.parse(text)
        guard !all.isEmpty else {
            throw Problem(
                line: 1,
                message: Localized(
                    vi: "tệp trống; cần dòng tiêu đề",
                    en: "the file is empty; a header row is needed"))
        }
        header = all.removeFirst().cells.map(Self.trimmed)
        rows = all.filter { !$0.cells.allSatisfy(\.isEmpty) }
        for row in rows where row.cells.count != header.count {
            throw Problem(
                line: row.line,
                message: Localized(
                    vi: "có \(row.cells.count) ô; dòng tiêu đề có \(header.count)",
                    en: "\(row.cells.count) cells; the header has \(header.count)"))
        }
    }

    static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// What stands between the cells of the header, whatever they hold in quotes, over several lines too.
    private static func separator(of scalars: Substring.UnicodeScalarView) -> Unicode.Scalar {
        // A quote inside a cell that began without one is a letter like others.
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

    private static func parse(_ text: String) throws(Problem) -> [Row] {
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars = scalars.dropFirst() }
        let separator = separator(of: scalars)
        var rows: [Row] = []
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
                rows.append(Row(line: start, cells: cells))
                cells = []
                start = line
                guard rows.count <= rowsMax else {
                    throw Problem(
                        line: line,
                        message: Localized(
                            vi: "có hơn \(rowsMax) dòng", en: "more than \(rowsMax) rows"))
                }
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
            rows.append(Row(line: start, cells: cells))
        }
        return rows
    }
}
