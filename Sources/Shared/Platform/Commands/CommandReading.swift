/// Takes the words behind a command's name apart, one after the other.
struct CommandReading {
    let command: CommandSpec
    let words: [String]
    private var index = 0
    private var options: [String: [String]] = [:]
    private var flags: Set<String> = []
    private var arguments: [String] = []
    /// The option whose value is being read, and its words so far.
    private var text: (option: String, words: [String])?

    init(_ words: [String], of command: CommandSpec) {
        self.words = words
        self.command = command
    }

    mutating func run() throws -> ParsedCommand {
        while let word = next() {
            if word == "--" {
                text = nil
                while let word = next() { try takeArgument(word) }
            } else if word.hasPrefix("--") {
                try takeOption(word)
            } else {
                try takeArgument(word)
            }
        }
        return ParsedCommand(
            name: command.name, options: options, flags: flags, arguments: arguments)
    }

    private mutating func next() -> String? {
        guard index < words.count else { return nil }
        index += 1
        return words[index - 1]
    }

    private mutating func takeArgument(_ word: String) throws {
        arguments.append(word)
        text?.words.append(word)
        guard arguments.count > command.argumentsMax else { return }
        text?.words += words[index...].prefix { !$0.hasPrefix("--") }
        let quoted =
            text.map {
                ": --\($0.option) \"\($0.words.map(Log.escaped).joined(separator: " "))\""
            } ?? ""
        throw refused(
            "\"\(Log.escaped(word))\" is one word too many; put a text with spaces in quotes"
                + quoted,
            "thừa từ \"\(Log.escaped(word))\"; nội dung có dấu cách phải đặt trong ngoặc kép"
                + quoted)
    }

    private mutating func takeOption(_ word: String) throws {
        text = nil
        let parts = word.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if command.flags.contains(name) {
            guard parts.count == 1 else {
                throw refused("--\(name) takes no value", "--\(name) không có giá trị")
            }
            flags.insert(name)
            return
        }
        guard command.options.contains(name) || CommandParser.common.contains(name) else {
            throw unknown(name)
        }
        let value: String
        if parts.count == 2 {
            value = String(parts[1])
        } else if index < words.count, !CommandParser.looksLikeOption(words[index]) {
            value = words[index]
            index += 1
        } else {
            throw refused("--\(name) needs a value", "--\(name) còn thiếu giá trị")
        }
        options[name, default: []].append(value)
        text = (name, [value])
    }

    private func unknown(_ name: String) -> CommandFailure {
        let near = nearest(
            name, in: command.options.union(command.flags).union(CommandParser.common))
        return refused(
            "--\(Log.escaped(name)) is no option" + (near.map { "; did you mean --\($0)?" } ?? ""),
            "không có tùy chọn --\(Log.escaped(name))"
                + (near.map { "; có phải là --\($0)?" } ?? ""))
    }

    private func refused(_ en: String, _ vi: String) -> CommandFailure {
        CommandFailure(.usage, "\(command.name): \(en)", vi: "\(command.name): \(vi)")
    }
}
