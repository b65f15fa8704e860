import Domain
import Platform
import Wire

/// Shows the hits of a search as they come from the spool, in a fixed amount of memory.
struct SearchOutput {
    enum Format: String { case table, json, csv }

    let format: Format
    let language: Language
    /// Whether the agent has several systems, so that a table names the system.
    let isSeveral: Bool
    private var widths: [Int]
    private var buffer = ""
    private var isFirst = true

    init(_ format: Format, _ language: Language, isSeveral: Bool) {
        self.format = format
        self.language = language
        self.isSeveral = isSeveral
        widths = Self.heads(language).map(\.count)
    }

    /// The heads of the columns: the system first, then the fields of a line.
    private static func heads(_ language: Language) -> [String] {
        language == .vi
            ? [
                "hệ thống", "thời điểm", "kết quả", "lý do", "tài khoản", "dịch vụ", "nguồn",
                "mã của cổng", "MaYeuCau", "công dân",
            ]
            : [
                "system", "time", "verdict", "reason", "account", "service", "source", "request",
                "message", "subject",
            ]
    }

    /// Measures a line for the widths of a table's columns; called for every line before the first is shown.
    mutating func see(_ line: QueryLogLine, of system: String) {
        guard format == .table else { return }
        for (column, cell) in cells(line, system).enumerated() {
            widths[column] = max(widths[column], cell.count)
        }
    }

    private func cells(_ line: QueryLogLine, _ system: String) -> [String] {
        [system] + QueryLogLine.Field.allCases.map { Log.escaped(line.text($0)) }
    }

    /// Shows the systems one after the other. Returns false when nobody reads any more.
    mutating func show(_ finds: [SystemSearch.Found]) throws -> Bool {
        var isRead = true
        begin()
        for found in finds {
            try found.spool.forEach { line, subjectLine in
                try add(line, found.place.system, subjectLine)
                if buffer.utf8.count > 64 << 10 { isRead = isRead && flush() }
                return isRead
            }
        }
        try end(finds.map(\.outcome).reduce(.init(), +))
        return isRead && flush()
    }

    private mutating func flush() -> Bool {
        defer { buffer = "" }
        if buffer.isEmpty { return true }
        return format == .json ? StandardOutput.writeJSON(buffer) : StandardOutput.write(buffer)
    }

    private mutating func begin() {
        switch format {
        case .table: row(Self.heads(language))
        case .csv: buffer += TextTable.csvLine(Self.heads(.en) + ["subject_line"])
        case .json: buffer += "{\"rows\":["
        }
    }

    private mutating func add(_ line: QueryLogLine, _ system: String, _ subjectLine: Int) throws {
        switch format {
        case .table:
            var cells = cells(line, system)
            if subjectLine > 0 {
                cells[cells.count - 1] = (language == .vi ? "dòng" : "line") + " \(subjectLine)"
            }
            row(cells)
        case .csv:
            buffer += TextTable.csvLine(
                [system] + QueryLogLine.Field.allCases.map { line.text($0) }
                    + [subjectLine > 0 ? "\(subjectLine)" : ""])
        case .json:
            buffer += isFirst ? "\n" : ",\n"
            isFirst = false
            let row = Row(line, system, subjectLine)
            buffer += String(decoding: try encodeJSON(row), as: UTF8.self)
        }
    }

    private mutating func row(_ cells: [String]) {
        for (column, cell) in cells.enumerated() where column > 0 || isSeveral {
            buffer += cell
            let isLast = column == cells.count - 1
            buffer += isLast ? "\n" : String(repeating: " ", count: widths[column] - cell.count + 2)
        }
    }

    private mutating func end(_ outcome: QueryLogSearch.Outcome) throws {
        guard format == .json else { return }
        let coverage = String(decoding: try encodeJSON(Coverage(outcome)), as: UTF8.self)
        buffer += "\n],\"hits\":\(outcome.hits),\"limited\":\(outcome.isLimited)"
        buffer += ",\"coverage\":\(coverage)}\n"
    }

    private struct Row: Encodable {
        let system: String?
        let time: String
        let verdict: String
        let reason: String?
        let account: String?
        let service: String
        let source: String?
        let request: String?
        let message: String?
        let subject: String?
        let subjectLine: Int?

        enum CodingKeys: String, CodingKey {
            case system, time, verdict, reason, account, service, source, request, message, subject
            case subjectLine = "subject_line"
        }

        init(_ line: QueryLogLine, _ system: String, _ subjectLine: Int) {
            self.system = system.isEmpty ? nil : system
            func text(_ field: QueryLogLine.Field) -> String? {
                line.isNone(field) ? nil : line.text(field)
            }
            time = line.text(.time)
            verdict = line.text(.verdict)
            reason = text(.reason)
            account = text(.login)
            service = line.text(.service)
            source = text(.source)
            request = text(.request)
            message = text(.message)
            subject = text(.subject)
            self.subjectLine = subjectLine > 0 ? subjectLine : nil
        }
    }

    private struct Coverage: Encodable {
        let files: Int
        let oldest: CalendarDate?
        let lostLines: Int64
        let unreadableLines: Int64
        let filesOfOtherKeys: Int
        let unreadableFiles: [String]

        enum CodingKeys: String, CodingKey {
            case files, oldest
            case lostLines = "lost_lines"
            case unreadableLines = "unreadable_lines"
            case filesOfOtherKeys = "files_of_other_keys"
            case unreadableFiles = "unreadable_files"
        }

        init(_ outcome: QueryLogSearch.Outcome) {
            files = outcome.files
            oldest = outcome.oldest
            lostLines = outcome.lostLines
            unreadableLines = outcome.unreadableLines
            filesOfOtherKeys = outcome.filesOfOtherKeys
            unreadableFiles = outcome.unreadableFiles
        }
    }
}
