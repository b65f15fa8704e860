/// One table of what a program's end means (sysexits.h).
public enum ExitCode: Int32, Sendable {
    case ok = 0
    case failed = 1
    case usage = 64
    case badInput = 65
    case noFile = 66
    case unavailable = 69
    case notAllowed = 77
    case badConfig = 78
}

/// A command ended with a reason for people.
public struct CommandFailure: Error, CustomStringConvertible, Sendable {
    public let code: ExitCode
    public let description: String
    private let vietnamese: String?

    /// `vi`: the same for `--lang vi`; nil where only the English is written yet.
    public init(_ code: ExitCode, _ description: String, vi: String? = nil) {
        self.code = code
        self.description = description
        vietnamese = vi
    }

    public func text(vietnamese isVietnamese: Bool) -> String {
        isVietnamese ? vietnamese ?? description : description
    }
}
