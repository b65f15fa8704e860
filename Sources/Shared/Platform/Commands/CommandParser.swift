/// One command of a program: `lock add`.
public struct CommandSpec: Sendable {
    public let name: String
    /// Arguments and options as help shows them: `--scope SCOPE --reason TEXT`.
    public let synopsis: String
    public let summary: (vi: String, en: String)
    let options: Set<String>
    let flags: Set<String>

    /// `options` take a value, `flags` do not; both without their dashes.
    public init(
        _ name: String, _ synopsis: String = "", options: [String] = [], flags: [String] = [],
        vi: String, en: String
    ) {
        self.name = name
        self.synopsis = synopsis
        self.options = Set(options)
        self.flags = Set(flags)
        summary = (vi, en)
    }
}

/// What was typed, taken apart.
public struct ParsedCommand: Sendable {
    public let name: String
    public let options: [String: [String]]
    public let flags: Set<String>
    public let arguments: [String]

    public func option(_ name: String) -> String? { options[name]?.last }

    public func required(_ name: String) throws -> String {
        guard let value = option(name) else {
            throw CommandFailure(.usage, "\(self.name): --\(name) is needed; see --help")
        }
        return value
    }

    public func argument(_ index: Int, _ what: String) throws -> String {
        guard index < arguments.count else {
            throw CommandFailure(.usage, "\(name): \(what) is needed; see --help")
        }
        return arguments[index]
    }
}

/// The command line of a program. Every command also takes `--config`, `--lang` and `--format`.
public struct CommandParser: Sendable {
    let program: String
    let about: (vi: String, en: String)
    let commands: [CommandSpec]
    private static let common: Set<String> = ["config", "lang", "format"]
    private static let commonValues = ["lang": ["vi", "en"], "format": ["table", "json", "csv"]]

    public init(program: String, about: (vi: String, en: String), commands: [CommandSpec]) {
        self.program = program
        self.about = about
        self.commands = commands
    }

    /// Throws a usage failure (64), or `.ok` with the help text when help was asked for.
    public func parse(_ words: [String], language: String) throws -> ParsedCommand {
        let (before, words) = try splitCommonOptions(words)
        if words.isEmpty { throw CommandFailure(.usage, help(language)) }
        let vietnamese = language == "vi"
        if ["help", "--help", "-h"].contains(words[0]) {
            throw CommandFailure(.ok, help(language))
        }
        let plain = words.prefix { !$0.hasPrefix("-") }
        if plain.isEmpty {
            throw CommandFailure(
                .usage, "\(program): '\(words[0])' stands before the command. See \(program) --help"
            )
        }
        let match = (1...2).reversed().lazy
            .filter { $0 <= plain.count }
            .compactMap { count in
                commands.first { $0.name == plain.prefix(count).joined(separator: " ") }
            }.first
        guard let command = match else {
            let typed = plain.prefix(2).joined(separator: " ")
            let near =
                nearest(typed, in: commands.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
            throw CommandFailure(
                .usage, "\(program): '\(typed)' is no command\(near) See \(program) --help")
        }
        let rest = Array(words.dropFirst(command.name.split(separator: " ").count))
        if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            throw CommandFailure(
                .ok,
                "\(program) \(command.name) \(command.synopsis)\n"
                    + (vietnamese ? command.summary.vi : command.summary.en))
        }
        return try take(before + rest, command)
    }

    /// `--lang vi lock list`: what every command takes may stand before it, too.
    private func splitCommonOptions(_ words: [String]) throws -> (options: [String], rest: [String])
    {
        var index = 0
        while index < words.count, words[index].hasPrefix("--"),
            let name = words[index].dropFirst(2).split(separator: "=").first,
            Self.common.contains(String(name))
        {
            index += words[index].contains("=") ? 1 : 2
        }
        guard index <= words.count else {
            throw CommandFailure(.usage, "\(program): \(words[words.count - 1]) needs a value")
        }
        return (Array(words[..<index]), Array(words[index...]))
    }

    private func take(_ words: [String], _ command: CommandSpec) throws -> ParsedCommand {
        var options: [String: [String]] = [:]
        var flags: Set<String> = []
        var arguments: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            if word == "--" {
                arguments += words[index...]
                break
            }
            guard word.hasPrefix("--") else {
                arguments.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if command.flags.contains(name) {
                guard parts.count == 1 else {
                    throw CommandFailure(
                        .usage, "\(program) \(command.name): --\(name) takes no value")
                }
                flags.insert(name)
            } else if command.options.contains(name) || Self.common.contains(name) {
                if parts.count == 2 {
                    options[name, default: []].append(String(parts[1]))
                } else if index < words.count {
                    options[name, default: []].append(words[index])
                    index += 1
                } else {
                    throw CommandFailure(
                        .usage, "\(program) \(command.name): --\(name) needs a value")
                }
            } else {
                let known = command.options.union(command.flags).union(Self.common)
                let near = nearest(name, in: known).map { "; did you mean --\($0)?" } ?? ""
                throw CommandFailure(
                    .usage, "\(program) \(command.name): --\(name) is no option\(near)")
            }
        }
        for (name, allowed) in Self.commonValues where !command.options.contains(name) {
            for value in options[name] ?? [] where !allowed.contains(value) {
                throw CommandFailure(
                    .usage,
                    "\(program) \(command.name): --\(name) \"\(value)\"; must be "
                        + allowed.joined(separator: ", "))
            }
        }
        return ParsedCommand(
            name: command.name, options: options, flags: flags, arguments: arguments)
    }

    private func help(_ language: String) -> String {
        let vietnamese = language == "vi"
        var text = "\(program): \(vietnamese ? about.vi : about.en)\n\n"
        for command in commands {
            text += "  \(command.name) \(command.synopsis)\n"
            text += "      \(vietnamese ? command.summary.vi : command.summary.en)\n"
        }
        text +=
            vietnamese
            ? "\nChung: --config FILE, --format table|json|csv, --lang vi|en"
            : "\nCommon: --config FILE, --format table|json|csv, --lang vi|en"
        return text
    }
}
