import Domain
import Glibc
import Platform
import Wire

/// Writes what was counted row by row, so that a million rows need no second copy.
struct CountReport {
    enum Output: String, CaseIterable { case table, json, csv }

    let counting: LogCounting
    let language: Language

    private var columns: [String] { counting.key.columns.map(\.rawValue) + ["count"] }

    /// Writes the whole report. Returns false when nobody reads any more.
    func write(_ output: Output) -> Bool {
        switch output {
        case .table: writeTable()
        case .csv: writeCSV()
        case .json: writeJSON()
        }
    }

    /// The closing sentence for people, `1,000 lines: 998 counted, 2 bad`, with samples of the bad lines.
    func closing() -> String {
        let totals = counting.totals
        let bad = counting.bad
        let isVietnamese = language == .vi
        var text =
            isVietnamese
            ? "\(totals.lines) dòng: đếm được \(totals.counted), không đọc được \(bad.count)"
            : "\(totals.lines) lines: \(totals.counted) counted, \(bad.count) bad"
        if totals.folded > 0 {
            text +=
                isVietnamese
                ? "; quá nhiều khóa khác nhau: \(totals.folded) dòng được gộp vào \(CountKey.folded)"
                : "; too many distinct keys: \(totals.folded) lines are folded into \(CountKey.folded)"
        }
        for sample in bad.samples { text += "\n  \(sample.why): \(sample.text)" }
        return text
    }

    private func writeTable() -> Bool {
        let rows = counting.table.sorted()
        func cells(_ row: (key: UnsafeRawBufferPointer, count: Int64)) -> [String] {
            counting.key.cells(row.key).map(Log.escaped) + [String(row.count)]
        }
        var widths = columns.map(\.count)
        for row in rows {
            for (column, cell) in cells(row).enumerated() {
                widths[column] = max(widths[column], min(cell.count, 60))
            }
        }
        var out = OutputBuffer()
        func line(_ cells: [String]) -> Bool {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
                // Numbers are aligned to the right.
                text += column == cells.count - 1 ? padding + cell : cell + padding + "  "
            }
            return out.append(text + "\n")
        }
        guard line(columns) else { return false }
        for row in rows {
            guard line(cells(row)) else { return false }
        }
        return out.flush()
    }

    private func writeCSV() -> Bool {
        var out = OutputBuffer()
        func line(_ cells: [String]) -> Bool {
            // `csv()` writes a table of one row, without repeating the head.
            out.append(TextTable(columns: cells, rows: []).csv())
        }
        guard line(columns) else { return false }
        for row in counting.table.sorted() {
            guard line(counting.key.cells(row.key) + [String(row.count)]) else { return false }
        }
        return out.flush()
    }

    private func writeJSON() -> Bool {
        struct Rest: Encodable {
            let lines, counted, bad, folded: Int64
            let samples: [BadLines.Sample]
        }
        var out = OutputBuffer(isJSON: true)
        guard out.append("{\"rows\":[") else { return false }
        for (index, row) in counting.table.sorted().enumerated() {
            var text = index == 0 ? "\n{" : ",\n{"
            for (column, cell) in zip(counting.key.columns, counting.key.cells(row.key)) {
                text += "\"\(column.rawValue)\":\(JSONText.quoted(cell)),"
            }
            guard out.append(text + "\"count\":\(row.count)}") else { return false }
        }
        let totals = counting.totals
        let rest = Rest(
            lines: totals.lines, counted: totals.counted, bad: counting.bad.count,
            folded: totals.folded, samples: counting.bad.samples)
        let fields = (try? encodeJSON(rest)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return out.append("\n]," + fields.dropFirst() + "\n") && out.flush()
    }
}

/// Makes JSON strings by hand, since a million of them are wanted.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        let digits = Array("0123456789abcdef".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0..<32, 0x7F:
                result += [UInt8]("\\u00".utf8)
                result += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}

/// Collects standard output into pieces of 64 KiB.
private struct OutputBuffer {
    let isJSON: Bool
    private var text = ""

    init(isJSON: Bool = false) { self.isJSON = isJSON }

    mutating func append(_ more: String) -> Bool {
        text += more
        return text.utf8.count < 65_536 || flush()
    }

    mutating func flush() -> Bool {
        defer { text = "" }
        if text.isEmpty { return true }
        return isJSON ? StandardOutput.writeJSON(text) : StandardOutput.write(text)
    }
}
