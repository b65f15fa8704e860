import Foundation
import Testing

/// What people run and watch is told to them.
@Suite("Documentation") struct DocumentationTests {
    private static let operating =
        (try? String(contentsOfFile: "\(HouseTests.root)/docs/operating.md", encoding: .utf8))
        ?? ""

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

    @Test("every metric is told in docs/operating.md, and none that is not") func metrics() throws {
        #expect(Self.metrics.count > 50)
        var told: Set<String> = []
        for match in Self.operating.matches(of: /chot_(?:agent|collector)_[a-z0-9_]+/) {
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
    @Test("every command of both programs stands in README.md or docs/operating.md")
    func commands() throws {
        let readme = try String(
            contentsOfFile: "\(HouseTests.root)/README.md", encoding: .utf8)
        let texts = Self.operating + readme
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

    @Test("every kind of trouble that status names stands in docs/operating.md")
    func troubles() throws {
        let report = try #require(
            HouseTests.sources.first { $0.path.hasSuffix("Status/AgentReport.swift") })
        let kinds = try #require(
            report.text.firstMatch(of: /enum Kind: String, Codable \{([^}]*)\}/))
        let list = try #require(
            Self.operating.firstMatch(of: /\(kind:\s*`([a-z_ ]+)`\)/)?.1.split(separator: " "))
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
}
