import Platform
@testable import Agent
@testable import Collector
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

extension FuzzTarget {
    /// Command lines, a word a line.
    static let commands = FuzzTarget(
        "commands",
        words: [
            "--config", "--lang", "--lang=vi", "--format=json", "--", "--help", "run", "lock",
            "list", "add",
            "--scope", "--reason", "enroll", "--token", "bypass", "--for", "60m", "registry",
            "import",
            "usage", "--by", "day", "agent", "token",
        ], bytesMax: 512
    ) { bytes in
        let words = bytes.split(separator: 10, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        for parser in [AgentProgram.parser, CollectorProgram.parser] {
            guard let command = try? parser.parse(words, language: "en") else { continue }
            let values = command.options.values.flatMap { $0 }.count
            try promise(
                command.arguments.count + values + command.flags.count <= words.count,
                "more words than were given")
            for value in command.options["lang"] ?? [] {
                try promise(["vi", "en"].contains(value), "--lang \(value)")
            }
        }
    }
}
