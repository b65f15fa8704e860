import Testing

@testable import Platform

@Suite("Syntax errors") struct SyntaxErrorPlaceTests {
    @Test(
        "the line and the kind of a mistake are told",
        arguments: [
            ("{ a: 1,\n b: 2\n c: 3 }", 2, "a comma is missing"),
            ("{ a: [1, 2\n\n", 1, "[ is not closed"),
            ("{ a: 'x\ny' }", 1, "a string is not closed"),
            ("{\n a 1 }", 2, "a colon is missing after a key"), ("{ a: }", 1, "a value is missing"),
            ("{}\n}", 2, "something follows the closing bracket"),
            ("/* x\n{}", 1, "a comment is not closed"), ("", 1, "a value is missing"),
        ])
    func places(_ text: String, _ line: Int, _ what: String) {
        let place = SyntaxErrorPlace.find([UInt8](text.utf8))
        #expect(place?.line == line && place?.what == what)
    }

    @Test(
        "what is right is not complained of",
        arguments: ["{ a: 1, // x\n 'b': [1, 2,], c: \"\\\"\", }", "[]", "{ d: +.5, e: 0x1F }"])
    func right(_ text: String) { #expect(SyntaxErrorPlace.find([UInt8](text.utf8)) == nil) }
}
