import Testing

@testable import Domain

@Suite("The message catalogue") struct MessagesTests {
    private func placeholders(_ text: String) -> Set<Substring> {
        Set(text.split(separator: "{").dropFirst().map { $0.prefix { $0 != "}" } })
    }

    @Test(
        "every key has a sentence in both languages with the same placeholders",
        arguments: MessageKey.allCases)
    func complete(_ key: MessageKey) throws {
        let text = try #require(Messages.all[key.rawValue])
        #expect(!text.vi.isEmpty && !text.en.isEmpty)
        #expect(placeholders(text.vi) == placeholders(text.en))
    }

    @Test("severities rise from info to critical") func severities() {
        #expect(Severity.info < .warning && .warning < .critical)
        #expect(Severity.allCases.allSatisfy { Severity(rank: $0.rank) == $0 })
        #expect(Severity(rank: 9) == .critical)
    }
}
