import Foundation
import Testing

/// What people run and watch is told to them, in Vietnamese and in English.
@Suite("Documentation") struct DocumentationTests {
    static let languages = ["vi", "en"]

    private static func operating(_ language: String) throws -> String {
        try String(
            contentsOfFile: "\(HouseTests.root)/docs/\(language)/operating.md", encoding: .utf8)
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The ids of the sections, each on the line before its heading: `<a id="backup"></a>`.
    private static func sections(of text: String) -> [String] {
        var found: [String] = []
        var before = ""
        for line in lines(of: text) {
            if line.hasPrefix("## ") {
                let id = before.wholeMatch(of: /<a id="([a-z0-9-]+)"><\/a>/)?.1
                found.append(id.map { String($0) } ?? "no id before \(line)")
            }
            before = line
        }
        return found
    }

    /// The fenced blocks line by line, each with the line that opens it.
    private static func blocks(of text: String) -> [[String]] {
        var found: [[String]] = []
        var block: [String] = []
        var isOpen = false
        for line in lines(of: text) {
            if line.hasPrefix("```") {
                if isOpen { found.append(block) }
                block = [line]
                isOpen.toggle()
            } else if isOpen {
                block.append(line)
            }
        }
        return found
    }

    /// The words of each call of a program in a block: of `zcat F | chot-agent count -` they are
    /// `chot-agent count -`.
    private static func calls(in block: [String]) -> [[String]] {
        var found: [[String]] = []
        let text = block.joined(separator: "\n").replacingOccurrences(of: "\\\n", with: " ")
        for line in lines(of: text) {
            let words = line.split(separator: " ").map { String($0) }
            for (place, word) in words.enumerated()
            where word == "chot-agent" || word == "chot-collector" {
                let before = place == 0 ? "|" : words[place - 1]
                if before == "|" || before == "--" { found.append(Array(words[place...])) }
            }
        }
        return found
    }

    /// The options of each command, such as `chot-agent log search`, as its usage names them.
    private static let options: [String: Set<String>] = {
        var found: [String: Set<String>] = [:]
        for source in HouseTests.sources {
            let program = source.path.hasPrefix("Agent/") ? "chot-agent" : "chot-collector"
            for piece in source.text.components(separatedBy: "CommandSpec(").dropFirst() {
                guard let name = piece.prefixMatch(of: /\s*"([a-z -]+)"/)?.1 else { continue }
                let usage = piece.components(separatedBy: "vi:")[0]
                var names: Set<String> = ["--config", "--lang", "--format"]
                for match in usage.matches(of: /(--[a-z-]+)/) { names.insert(String(match.1)) }
                found["\(program) \(name)"] = names
            }
        }
        return found
    }()

    /// Names of metrics as they stand in the sources; one that is put together ends with `_`.
    private static let metrics: Set<String> = {
        var names: Set<String> = []
        for source in HouseTests.sources {
            for match in source.text.matches(of: /"(chot_(?:agent|collector)_[a-z0-9_]+)/) {
                names.insert(String(match.1))
            }
        }
        return names
    }()

    @Test("every metric is told in operating.md, and none that is not", arguments: languages)
    func metrics(_ language: String) throws {
        #expect(Self.metrics.count > 50)
        var told: Set<String> = []
        let text = try Self.operating(language)
        for match in text.matches(of: /chot_(?:agent|collector)_[a-z0-9_]+/) {
            told.insert(String(match.0))
        }
        for name in Self.metrics.sorted() where !name.hasSuffix("_") {
            #expect(told.contains(name), "\(name) is missing")
        }
        let families = Self.metrics.filter { $0.hasSuffix("_") }
        for family in families {
            #expect(told.contains { $0.hasPrefix(family) && $0 != family }, "\(family)… is missing")
        }
        for name in told where !Self.metrics.contains(name) {
            #expect(
                families.contains { name.hasPrefix($0) && name != $0 }, "there is no \(name)")
        }
    }

    /// `CommandSpec("lock add", "--scope SCOPE …", …)`.
    @Test(
        "every command of both programs stands in README.md or operating.md", arguments: languages)
    func commands(_ language: String) throws {
        let readme = try String(
            contentsOfFile: "\(HouseTests.root)/README.md", encoding: .utf8)
        let texts = try Self.operating(language) + readme
        var seen = 0
        for source in HouseTests.sources
        where source.path.hasSuffix("Program.swift") {
            for match in source.text.matches(of: /CommandSpec\(\s*"([a-z -]+)"/) {
                seen += 1
                #expect(texts.contains(match.1), "\(source.path): \(match.1)")
            }
        }
        #expect(seen > 40)
    }

    @Test("every kind of trouble that status names stands in operating.md", arguments: languages)
    func troubles(_ language: String) throws {
        let report = try #require(
            HouseTests.sources.first { $0.path.hasSuffix("Status/AgentReport.swift") })
        let kinds = try #require(
            report.text.firstMatch(of: /enum Kind: String, Codable \{([^}]*)\}/))
        let text = try Self.operating(language)
        let list = try #require(
            text.firstMatch(of: /\(kind:\s*`([a-z_ ]+)`\)/)?.1.split(separator: " "))
        var names: Set<Substring> = []
        for line in kinds.1.split(separator: "\n") {
            let words = line.trimmingPrefix(while: \.isWhitespace)
            guard words.hasPrefix("case ") else { continue }
            if let given = words.firstMatch(of: /"([a-z_]+)"/) {
                names.insert(given.1)
            } else {
                names.formUnion(
                    words.dropFirst("case ".count).split(separator: ",").map {
                        $0.trimmingPrefix(while: \.isWhitespace)
                    })
            }
        }
        #expect(Set(list) == names)
    }

    @Test("both languages have the same sections in the same order") func sameSections() throws {
        let vietnamese = Self.sections(of: try Self.operating("vi"))
        let english = Self.sections(of: try Self.operating("en"))
        #expect(english.count > 40)
        #expect(vietnamese == english)
        #expect(Set(english).count == english.count)
        for id in english { #expect(!id.hasPrefix("no id"), "\(id)") }
    }

    @Test("both languages have the same blocks") func sameBlocks() throws {
        let vietnamese = Self.blocks(of: try Self.operating("vi"))
        let english = Self.blocks(of: try Self.operating("en"))
        #expect(english.count > 40)
        #expect(vietnamese.count == english.count)
        for (one, other) in zip(vietnamese, english) { #expect(one == other) }
    }

    @Test("a command in a block is one of the programs', with options it has", arguments: languages)
    func commandsInBlocks(_ language: String) throws {
        var seen = 0
        for block in Self.blocks(of: try Self.operating(language)) {
            for words in Self.calls(in: block) {
                seen += 1
                let call = words.joined(separator: " ")
                let names = [3, 2].map { words.prefix($0).joined(separator: " ") }
                guard let name = names.first(where: { Self.options[$0] != nil }) else {
                    Issue.record("no such command: \(call)")
                    continue
                }
                let options = Self.options[name] ?? []
                for word in words where word.hasPrefix("--") {
                    #expect(options.contains(word), "\(call)")
                }
            }
        }
        #expect(seen > 60)
    }
}
