/// The text format of the query log (docs/store-format.md): UTF-8, one line a query, with tabs between fields. Lines
/// that begin with `#` are the log's own.
enum QueryLogSchema {
    static let version = 1
    static let fields = [
        "time", "verdict", "reason", "login", "service", "source", "request", "message", "subject",
    ]
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let hash = UInt8(ascii: "#")
    /// The text of an empty field.
    static let none = UInt8(ascii: "-")
    /// The most bytes of a field before it is escaped; a longer one is cut and ends with `\+`.
    static let fieldBytesMax = 128
    /// More than any line that we write; a longer one was not written by us.
    static let lineBytesMax = 8192
    /// The width of a time such as `2026-11-24T08:00:00.000+07:00`.
    static let timeWidth = 29

    /// The first line of each file.
    static func head(keyID: String) -> [UInt8] {
        [UInt8](
            "#chot-query-log\t\(version)\tkey=\(keyID)\t\(fields.joined(separator: "\t"))\n".utf8)
    }

    /// The line behind one that a crash cut off; it says that the line before it is void.
    static func torn(at time: String, bytes: Int) -> [UInt8] {
        [UInt8]("#torn\t\(time)\tbytes=\(bytes)\n".utf8)
    }

    /// The line that stands where lines could not be written.
    static func lost(at time: String, lines: Int64) -> [UInt8] {
        [UInt8]("#lost\t\(time)\tlines=\(lines)\n".utf8)
    }
}
