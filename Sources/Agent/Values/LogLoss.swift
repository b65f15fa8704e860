/// Why lines of a followed log are, or may be, missing. Raw values stand in ledger files: never reuse one.
enum LogLoss: Int, CaseIterable, Sendable {
    /// The file that was read is there no more, nor under another name.
    case gone = 0
    /// The file holds less than was read of it, and no copy of it is there.
    case truncated = 1
    /// A rotated file was compressed, or could not be opened, before it was read.
    case unread = 2
    /// It could not be read for a while; what was written meanwhile may come late, or never.
    case away = 3

    /// In `dropped` of a summary. A collector takes the time of the interval as missing.
    var name: String { "log_\(self)" }
}
