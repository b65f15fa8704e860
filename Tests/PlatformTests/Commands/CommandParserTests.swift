import Platform
import Testing

@Suite("CommandParser")
struct CommandParserTests {
    private let parser = CommandParser(
        program: "chot", about: (vi: "chương trình thử", en: "a program for tests"),
        commands: [
            CommandSpec("lock", vi: "khóa", en: "the locks"),
            CommandSpec(
                "lock add", "--scope SCOPE [--indefinite]", options: ["scope", "reason"],
                flags: ["indefinite"], vi: "thêm khóa", en: "adds a lock"),
            CommandSpec("lock export", options: ["format"], vi: "xuất", en: "exports"),
            CommandSpec("usage", options: ["by"], vi: "lượt truy vấn", en: "counts"),
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
        #expect(try parse("lock add --scope --reason").option("scope") == "--reason")
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
