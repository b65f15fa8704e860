/// A command line, taken apart.
public struct ParsedCommand: Sendable {
    public let name: String
    public let options: [String: [String]]
    public let flags: Set<String>
    public let arguments: [String]

    /// The value of an option; of several values the last.
    public func option(_ name: String) -> String? { options[name]?.last }

    /// The value of an option. Throws a usage failure (64) when it is absent.
    public func required(_ name: String) throws -> String {
        guard let value = option(name) else {
            throw CommandFailure(
                .usage, "\(self.name): --\(name) is needed; see --help",
                vi: "\(self.name): còn thiếu --\(name); xem --help")
        }
        return value
    }

    /// An argument, counted from 0. Throws a usage failure (64), which names `what`, when it is absent.
    public func argument(_ index: Int, _ what: String) throws -> String {
        guard index < arguments.count else {
            throw CommandFailure(
                .usage, "\(name): \(what) is needed; see --help",
                vi: "\(name): còn thiếu tham số (\(what)); xem --help")
        }
        return arguments[index]
    }
}
