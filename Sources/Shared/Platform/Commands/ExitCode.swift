/// The exit codes of the programs (sysexits.h).
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

/// Why a command ended, in words for people.
public struct CommandFailure: BilingualError {
    public let code: ExitCode
    public let description: String
    public let vietnamese: String

    /// `vi` is the same text for `--lang vi`.
    public init(_ code: ExitCode, _ description: String, vi: String) {
        self.code = code
        self.description = description
        vietnamese = vi
    }

    /// The help that was asked for, which is no failure.
    static func answer(_ text: String) -> CommandFailure {
        CommandFailure(.ok, text, vi: text)
    }
}

/// An error that people read in both languages; `description` is the English.
public protocol BilingualError: Error, CustomStringConvertible, Sendable {
    var vietnamese: String { get }
}
