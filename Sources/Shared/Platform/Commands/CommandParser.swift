/// Parses the command line of a program. Every command also takes `--config`, `--lang` and `--format`.
public struct CommandParser: Sendable {
    let program: String
    let about: (vi: String, en: String)
    let commands: [CommandSpec]
    static let common: Set<String> = ["config", "lang", "format"]
    private static let commonValues = ["lang": ["vi", "en"], "format": ["table", "json", "csv"]]

    public init(program: String, about: (vi: String, en: String), commands: [CommandSpec]) {
        self.program = program
        self.about = about
        self.commands = commands
    }

    /// Throws a usage failure (64), or `.ok` with the help text when help was asked for.
    public func parse(_ words: [String], language: String) throws -> ParsedCommand {
        let (before, words) = try splitCommonOptions(words)
        guard let first = words.first else {
            throw CommandFailure(
                .usage, "a command is needed\n\n\(help("en"))", vi: "cần một lệnh\n\n\(help("vi"))")
        }
        if ["help", "--help", "-h"].contains(first) {
            let topic = try splitCommonOptions(Array(words.dropFirst())).rest
            throw try helpAsked(of: topic.prefix { !$0.hasPrefix("-") }, language)
        }
        let plain = words.prefix { !$0.hasPrefix("-") }
        if plain.isEmpty {
            throw CommandFailure(
                .usage,
                "'\(Log.escaped(first))' stands before the command. See \(program) --help",
                vi: "'\(Log.escaped(first))' đứng trước tên lệnh. Xem \(program) --help")
        }
        let asksHelp = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
        guard let command = command(plain) else {
            throw asksHelp ? try helpAsked(of: plain, language) : unknown(plain)
        }
        if asksHelp { throw CommandFailure.answer(help(of: command, language)) }
        var reading = CommandReading(before + words.dropFirst(command.wordCount), of: command)
        let parsed = try reading.run()
        try checkCommonValues(parsed.options, command)
        return parsed
    }

    func command(_ names: ArraySlice<String>) -> CommandSpec? {
        (1...2).reversed().lazy
            .filter { $0 <= names.count }
            .compactMap { count in
                commands.first { $0.name == names.prefix(count).joined(separator: " ") }
            }.first
    }

    /// Splits off the options that every command takes, which may also stand before it: `--lang vi lock list`.
    private func splitCommonOptions(_ words: [String]) throws -> (options: [String], rest: [String])
    {
        var index = 0
        while index < words.count, words[index].hasPrefix("--"),
            let name = words[index].dropFirst(2).split(separator: "=").first,
            Self.common.contains(String(name))
        {
            if !words[index].contains("=") {
                guard index + 1 < words.count, !Self.looksLikeOption(words[index + 1]) else {
                    throw CommandFailure(
                        .usage, "--\(name) needs a value", vi: "--\(name) còn thiếu giá trị")
                }
                index += 1
            }
            index += 1
        }
        return (Array(words[..<index]), Array(words[index...]))
    }

    /// Whether a word is an option: two dashes and small letters. A token or a file may begin with dashes, too.
    static func looksLikeOption(_ word: String) -> Bool {
        guard word.hasPrefix("--") else { return false }
        let name = word.dropFirst(2).prefix { $0 != "=" }
        return word == "--"
            || !name.isEmpty && name.utf8.first != UInt8(ascii: "-")
                && name.utf8.allSatisfy { (0x61..<0x7B).contains($0) || $0 == UInt8(ascii: "-") }
    }

    private func checkCommonValues(_ options: [String: [String]], _ command: CommandSpec) throws {
        for (name, allowed) in Self.commonValues where !command.options.contains(name) {
            for value in options[name] ?? [] where !allowed.contains(value) {
                let found = "\(command.name): --\(name) \"\(Log.escaped(value))\"; "
                let list = allowed.joined(separator: ", ")
                throw CommandFailure(
                    .usage, found + "must be \(list)", vi: found + "phải là một trong \(list)")
            }
        }
    }
}
