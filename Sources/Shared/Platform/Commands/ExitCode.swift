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
public struct CommandFailure: BilingualError {
    public let code: ExitCode
    public let description: String
    public let vietnamese: String

    /// `vi`: the same for `--lang vi`.
    public init(_ code: ExitCode, _ description: String, vi: String) {
        self.code = code
        self.description = description
        vietnamese = vi
    }

    /// What was asked for, and no failure: help.
    static func answer(_ text: String) -> CommandFailure {
        CommandFailure(.ok, text, vi: text)
    }
}

/// What people read when something fails, in both languages: `description` is the English.
public protocol BilingualError: Error, CustomStringConvertible, Sendable {
    var vietnamese: String { get }
}
