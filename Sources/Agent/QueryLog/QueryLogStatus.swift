import Domain

/// The state of the query log, for `status` and `/healthz`.
struct QueryLogStatus: Codable, Equatable, Sendable {
    var isEnabled = true
    /// Lines of the present Vietnamese calendar date.
    var linesToday: Int64 = 0
    /// Lines that could not be written since the agent started; their queries were counted all the same.
    var dropped: Int64 = 0
    /// The last error; nil when writing and keeping go well.
    var lastError: String?
    /// The size of all files of the log at the last look, which comes hourly and when a file is closed.
    var bytesOnDisk: Int64 = 0
    /// The date of the oldest file.
    var oldest: CalendarDate?

    enum CodingKeys: String, CodingKey {
        case isEnabled = "enabled"
        case linesToday = "lines_today"
        case dropped
        case lastError = "last_error"
        case bytesOnDisk = "bytes_on_disk"
        case oldest
    }
}

extension QueryLogStatus {
    /// The state in one line, for people.
    func text(_ language: Language) -> String {
        let vi = language == .vi
        let megabytes = bytesOnDisk >> 20
        var parts = [
            vi ? "hôm nay \(linesToday) dòng" : "\(linesToday) lines today",
            vi ? "bị bỏ \(dropped)" : "\(dropped) dropped", "\(megabytes) MiB",
        ]
        if let oldest {
            parts.append(vi ? "từ ngày \(oldest.vietnamese)" : "since \(oldest)")
        }
        if let lastError { parts.append((vi ? "lỗi: " : "error: ") + lastError) }
        return parts.joined(separator: ", ")
    }
}
