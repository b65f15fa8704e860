import Testing

@testable import Agent

@Suite("LogFormat") struct LogFormatTests {
    @Test(
        "a format is taken as bare strings, with its escape, or as nginx.conf has it",
        arguments: [
            ("$a [$b]", "$a [$b]", "default"), ("escape=json {$a}", "{$a}", "json"),
            ("${a}b$c_1", "${a}b$c_1", "default"),
            ("log_format main '$a - ' \"[$b]\";", "$a - [$b]", "default"),
            (#"log_format x escape=none '\'$a\"' $b;"#, #"'$a"$b"#, "none"),
        ])
    func taken(_ text: String, _ strings: String, _ escape: String) throws {
        let format = try LogFormat(text)
        #expect(try format == LogFormat("escape=\(escape) \(strings)"))
        guard case .text(_, _, let read) = format.layout else {
            Issue.record("no text format")
            return
        }
        #expect(read.rawValue == escape)
    }

    @Test(
        "what is no format says so",
        arguments: [
            ("main", "holds no variable"), ("$a$b", "cannot be told apart"), ("$", "without"),
            ("${a", "closing"), ("escape=xml $a", "escape=default, json or none"),
            ("log_format main '$a", "without its end"), ("log_format main", "without a name"),
            (String(repeating: "x", count: 17_000), "longer"),
            (String(repeating: "$a ", count: 200), "128 at most"),
        ])
    func refused(_ text: String, _ why: String) {
        #expect {
            try LogFormat(text)
        } throws: {
            "\($0)".contains(why)
        }
    }

    @Test(
        "an expression is a variable, a segment or a constant",
        arguments: [
            ("$remote_user", LogExpression.Source.variable("remote_user")),
            ("$request_path[2]", .pathSegment(2)), ("$request_path[-1]", .pathSegment(-1)),
            ("TraCuu", .constant([UInt8]("TraCuu".utf8))),
        ])
    func expressions(_ text: String, _ source: LogExpression.Source) throws {
        #expect(try LogExpression(text).source == source)
    }

    @Test(
        "what is no expression says so",
        arguments: [
            "", "$", "$a-b", "$request_path", "$request_path[0]", "$request_path[x]",
            "$request_path[99]", "$request_path[1]x",
        ])
    func noExpressions(_ text: String) {
        #expect(throws: LogFormatError.self) { try LogExpression(text) }
    }

    @Test("a reader says what the format lacks")
    func lacks() throws {
        let format = try LogFormat("$remote_addr $msec")
        #expect(throws: LogFormatError("has no $remote_user; it has $remote_addr, $msec")) {
            _ = try LineReader(format, needsTime: false)
        }
        let user = LogExpression(.variable("remote_addr"))
        #expect {
            _ = try LineReader(format, account: user, needsTime: false)
        } throws: {
            "\($0)".contains("no path for $request_path[2]")
        }
        #expect {
            let untimed = try LogFormat("$remote_addr $request")
            _ = try LineReader(untimed, account: user, needsTime: true)
        } throws: {
            "\($0)".contains("has no time")
        }
    }
}
