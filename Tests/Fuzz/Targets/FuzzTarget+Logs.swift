import Domain

@testable import Agent

extension FuzzTarget {
    /// nginx's log lines and log formats; what must hold is said by `LogFuzz`.
    static let logs = FuzzTarget(
        "logs",
        words: [
            "$remote_user", "$request", "$msec", "$time_local", "$time_iso8601", "escape=json ",
            "\\x22",
            "\\u00e9", "\" 200 ", "[24/Nov/2026:08:00:00 +0700]", "1795482000.123",
            "GET /npd/TraCuu HTTP/1.1",
            "{\"", "\":\"", "\",\"", "${", "2026-11-24T08:00:00+07:00", "\n",
        ], bytesMax: 2048
    ) { bytes in bytes.withUnsafeBytes { LogFuzz.fuzz($0) } }

    /// Lines of the agency's own query log, as a disk may give them back.
    static let queryLog = FuzzTarget(
        "querylog",
        words: [
            "\t", "2026-11-24T08:00:00.000+07:00", "allow", "deny", "-", "\\x09", "\\+", "\\\\",
        ],
        bytesMax: 1024
    ) { bytes in
        try bytes.withUnsafeBufferPointer { line in
            var read = QueryLogLine()
            guard read.read(line) else { return }
            let fields = QueryLogLine.Field.allCases
            let whole = fields.reduce(0) { $0 + read[$1].count } + fields.count - 1
            try promise(
                whole == line.count, "fields of \\(whole) bytes in a line of \\(line.count)")
            try promise(read[.time].count == QueryLogSchema.timeWidth, "a time of another width")
            for field in fields {
                try promise(!read[field].contains(9), "a tab inside a field")
                _ = read.text(field)
            }
            _ = read.subject
        }
    }
}
