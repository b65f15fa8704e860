import Platform
import Testing

@Suite("CommandParser")
struct CommandParserTests {
    private let parser = CommandParser(
        program: "chot", about: (vi: "chương trình thử", en: "a program for tests"),
        commands: [
            CommandSpec("lock", "ID", arguments: 1, vi: "khóa", en: "the locks"),
            CommandSpec(
                "lock add", "--scope SCOPE [--indefinite]", arguments: 3,
                options: ["scope", "reason"], flags: ["indefinite"], vi: "thêm khóa",
                en: "adds a lock"),
            CommandSpec("lock export", options: ["format"], vi: "xuất", en: "exports"),
            CommandSpec("usage", options: ["by"], vi: "lượt truy vấn", en: "counts"),
            CommandSpec("agent list", vi: "các điểm chốt", en: "lists agents"),
            CommandSpec("agent show", "ID", arguments: 1, vi: "một điểm chốt", en: "shows one"),
        ])

    private func parse(_ line: String) throws -> ParsedCommand {
        try parser.parse(line.split(separator: " ").map(String.init), language: "en")
    }

    private func failure(_ line: String, language: String = "en") -> CommandFailure? {
        do {
            _ = try parser.parse(line.split(separator: " ").map(String.init), language: language)
            return nil
        } catch {
            return error as? CommandFailure
        }
    }

    @Test("takes options, flags and arguments apart, in any order")
    func good() throws {
        let command = try parse("lock add x --scope a=b --reason=c=d --indefinite y -- --z")
        #expect(command.name == "lock add")
        #expect(command.option("scope") == "a=b")
        #expect(command.option("reason") == "c=d")
        #expect(command.option("none") == nil)
        #expect(command.flags == ["indefinite"])
        #expect(command.arguments == ["x", "y", "--z"])
        #expect(try command.argument(0, "ID") == "x")
        #expect(try parse("lock").name == "lock")
        #expect(try parse("lock id7").arguments == ["id7"])
        #expect(try parse("usage --by unit --by hour").options["by"] == ["unit", "hour"])
        #expect(try parse("lock add --scope=--reason").option("scope") == "--reason")
        #expect(try parse("lock add --scope --a1.Xy").option("scope") == "--a1.Xy")
        #expect(try parse("lock add --scope -").option("scope") == "-")
    }

    @Test(
        "what every command takes may stand before it",
        arguments: [
            "--lang vi lock add", "--lang=vi lock add", "lock add --lang vi",
            "--config f --lang vi lock add",
        ])
    func common(line: String) throws {
        let command = try parse(line)
        #expect(command.name == "lock add")
        #expect(command.option("lang") == "vi")
    }

    @Test(
        "a mistake is a usage error that names the way out",
        arguments: [
            ("", "a program for tests"), ("lokc add", "did you mean 'lock add'?"),
            ("zzzzzzzzzz", "is no command"),
            ("lock add --scop a", "did you mean --scope?"),
            ("lock add --scope", "--scope needs a value"),
            ("usage --by --config f", "--by needs a value"),
            ("usage --by -- x", "--by needs a value"),
            ("--config --lang vi usage", "--config needs a value"),
            ("usage extra", "\"extra\" is one word too many"),
            ("usage -- extra", "\"extra\" is one word too many"),
            ("usage -x", "\"-x\" is one word too many"),
            ("usage --by cong van 12 --lang en", "in quotes: --by \"cong van 12\""),
            ("lock add 1 2 3 4", "\"4\" is one word too many"),
            ("agent", "the first word of: agent list, agent show"),
            ("agent nonsense", "'agent nonsense' is no command"),
            ("help nonsense", "'nonsense' is no command"),
            ("help agent nonsense", "'agent nonsense' is no command"),
            ("nonsense --help", "'nonsense' is no command"),
            ("lock add --indefinite=1", "--indefinite takes no value"),
            ("usage --zzzzzzzz", "--zzzzzzzz is no option"),
            ("usage --format xml", "must be table, json, csv"),
            ("usage --lang fr", "must be vi, en"),
            ("--lang", "needs a value"), ("--scope a lock add", "stands before the command"),
        ])
    func mistakes(line: String, expected: String) {
        let failure = failure(line)
        #expect(failure?.code == .usage)
        #expect(
            failure?.description.contains(expected) == true,
            "\(failure?.description ?? "no failure")")
        // The program's name is put before it by whoever tells it.
        #expect(failure?.description.hasPrefix("chot") == false)
        let vietnamese = failure?.vietnamese
        #expect(vietnamese != failure?.description && vietnamese?.hasPrefix("chot") == false)
    }

    @Test("a command may give --format values of its own")
    func ownFormat() throws {
        #expect(try parse("lock export --format nginx-map").option("format") == "nginx-map")
    }

    @Test("required options and arguments are asked for by name")
    func required() throws {
        let command = try parse("lock add")
        #expect { try command.required("scope") } throws: {
            ($0 as? CommandFailure)?.code == .usage && "\($0)".contains("--scope is needed")
        }
        #expect { try command.argument(0, "ID") } throws: { "\($0)".contains("ID is needed") }
    }

    @Test(
        "help is asked for in several ways and lists every command",
        arguments: [
            "help", "--help", "-h", "--lang vi --help",
        ])
    func help(line: String) {
        let failure = failure(line)
        #expect(failure?.code == .ok)
        for name in ["lock add --scope SCOPE [--indefinite]", "usage", "adds a lock", "--format"] {
            #expect(failure?.description.contains(name) == true)
        }
    }

    @Test(
        "help of a command is that command's",
        arguments: ["help lock add", "lock add --help", "help lock add --lang en", "-h lock add"])
    func helpOfOne(line: String) {
        #expect(failure(line)?.code == .ok)
        #expect(
            failure(line)?.description
                == "chot lock add --scope SCOPE [--indefinite]\nadds a lock")
    }

    @Test("help of a group lists its commands", arguments: ["agent --help", "help agent"])
    func helpOfGroup(line: String) {
        let text = failure(line)?.description ?? ""
        #expect(failure(line)?.code == .ok)
        #expect(text.contains("agent list") && text.contains("agent show ID"))
        #expect(!text.contains("lock") && !text.contains("usage"))
        #expect(failure(line, language: "vi")?.description.contains("một điểm chốt") == true)
    }

    @Test("help speaks the language chosen, also of one command")
    func languages() {
        #expect(failure("help", language: "vi")?.description.contains("thêm khóa") == true)
        #expect(
            failure("lock add --help", language: "vi")?.description
                == "chot lock add --scope SCOPE [--indefinite]\nthêm khóa")
        #expect(failure("lock add --help")?.description.contains("adds a lock") == true)
        #expect(failure("lock add -- --help") == nil)
    }
}
