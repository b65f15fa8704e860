/// Answers `help`, `--help`, and a name that is no command.
extension CommandParser {
    /// The help of a command, of a group of them, or of the program. Throws when the names mean none of these.
    func helpAsked(of names: ArraySlice<String>, _ language: String) throws -> CommandFailure {
        if names.isEmpty { return .answer(help(language)) }
        if let command = command(names) { return .answer(help(of: command, language)) }
        let group = group(names)
        guard !group.isEmpty, names.count == 1 else { throw unknown(names) }
        return .answer(
            group.map { entry($0, language) }.joined() + commonOptions(language))
    }

    func unknown(_ names: ArraySlice<String>) -> CommandFailure {
        let typed = Log.escaped(names.prefix(2).joined(separator: " "))
        let group = group(names).map(\.name)
        if names.count == 1, !group.isEmpty {
            let list = group.joined(separator: ", ")
            return CommandFailure(
                .usage, "'\(typed)' is no command by itself, but the first word of: \(list)",
                vi: "'\(typed)' chưa phải một lệnh, mà là từ đầu của: \(list)")
        }
        let near = nearest(typed, in: commands.map(\.name))
        let named = near ?? (group.isEmpty ? nil : group.joined(separator: "', '"))
        return CommandFailure(
            .usage,
            "'\(typed)' is no command" + (named.map { "; did you mean '\($0)'?" } ?? ".")
                + " See \(program) --help",
            vi: "không có lệnh '\(typed)'" + (named.map { "; có phải là '\($0)'?" } ?? ".")
                + " Xem \(program) --help")
    }

    /// The commands that begin with a word such as `lock`.
    private func group(_ names: ArraySlice<String>) -> [CommandSpec] {
        guard let first = names.first else { return [] }
        return commands.filter { $0.name.hasPrefix(first + " ") }
    }

    func help(_ language: String) -> String {
        let vietnamese = language == "vi"
        return "\(program): \(vietnamese ? about.vi : about.en)\n\n"
            + commands.map { entry($0, language) }.joined() + commonOptions(language)
    }

    func help(of command: CommandSpec, _ language: String) -> String {
        "\(program) \(command.name)\(command.synopsis.isEmpty ? "" : " ")\(command.synopsis)\n"
            + (language == "vi" ? command.summary.vi : command.summary.en)
    }

    private func entry(_ command: CommandSpec, _ language: String) -> String {
        "  \(command.name) \(command.synopsis)\n"
            + "      \(language == "vi" ? command.summary.vi : command.summary.en)\n"
    }

    private func commonOptions(_ language: String) -> String {
        (language == "vi" ? "\nChung" : "\nCommon")
            + ": --config FILE, --format table|json|csv, --lang vi|en"
    }
}

extension CommandSpec {
    var wordCount: Int { name.split(separator: " ").count }
}
