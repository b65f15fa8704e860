/// Why lines of a followed log are, or may be, missing. Raw values stand in ledger files, so none may be reused.
enum LogLoss: Int, CaseIterable, Sendable {
    /// The file that was read no longer exists under any name.
    case gone = 0
    /// The file holds less than was read of it, and there is no copy.
    case truncated = 1
    /// A rotated file was compressed, or could not be opened, before it was read.
    case unread = 2
    /// The log could not be read for a while; what was written meanwhile may come late, or never.
    case away = 3

    /// The name in a summary's `dropped`. A collector takes the time of the interval as missing.
    var name: String { "log_\(self)" }
}
