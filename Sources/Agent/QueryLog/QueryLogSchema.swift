/// The text format of the query log (docs/store-format.md): UTF-8, one line a query, fields separated by tabs,
/// lines that begin with `#` are the log's own.
enum QueryLogSchema {
    static let version = 1
    static let fields = [
        "time", "verdict", "reason", "login", "service", "source", "request", "message", "subject",
    ]
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let hash = UInt8(ascii: "#")
    /// What a field says when there is nothing to say.
    static let none = UInt8(ascii: "-")
    /// Bytes of a field before it is escaped; longer ones are cut and end with `\+`.
    static let fieldBytesMax = 128
    /// More than any line that we write; a longer one was not written by us.
    static let lineBytesMax = 8192
    /// `2026-11-24T08:00:00.000+07:00`
    static let timeWidth = 29

    /// First line of each file.
    static func head(keyID: String) -> [UInt8] {
        [UInt8](
            "#chot-query-log\t\(version)\tkey=\(keyID)\t\(fields.joined(separator: "\t"))\n".utf8)
    }

    /// Behind a line that a crash cut off: that line says nothing.
    static func torn(at time: String, bytes: Int) -> [UInt8] {
        [UInt8]("#torn\t\(time)\tbytes=\(bytes)\n".utf8)
    }

    /// Where lines are missing that could not be written.
    static func lost(at time: String, lines: Int64) -> [UInt8] {
        [UInt8]("#lost\t\(time)\tlines=\(lines)\n".utf8)
    }
}
