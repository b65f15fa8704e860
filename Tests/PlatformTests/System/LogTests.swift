import Testing

@testable import Platform

@Suite("Log")
struct LogTests {
    @Test(
        "what could forge a line or turn the reading direction is shown, not sent",
        arguments: [
            ("plain Đặng Thị Ưng 100%", "plain Đặng Thị Ưng 100%"),
            ("a\nb", "a\\u{a}b"), ("a\u{1B}[31m", "a\\u{1b}[31m"), ("\u{202E}x", "\\u{202e}x"),
            ("\u{0}", "\\u{0}"), ("a\u{85}b", "a\\u{85}b"), ("\u{2028}", "\\u{2028}"),
            ("\u{FEFF}", "\\u{feff}"),
        ])
    func escaped(text: String, expected: String) {
        #expect(Log.escaped(text) == expected)
    }

    @Test("a value is cut at 2000 characters")
    func bounded() {
        #expect(Log.escaped(String(repeating: "x", count: 5000)).count == 2000)
    }
}
