import Domain
import FoundationEssentials
import Platform
import Testing
import Wire

@Suite("Text of others, shown") struct ShownTextTests {
    @Test("both doors hide the same, and nothing that Vietnamese or English is written with")
    func alike() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            if scalar.isHidden != ShownText.isHidden(scalar) {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
        let plain = "Cán bộ Nguyễn Văn Mẫu, ĐẶNG THỊ MẪU; ưƯơƠ – “…” → ≥ 5 %: a@b <c>"
        #expect(shown(plain) == plain && ShownText.lines(plain) == plain)
        let decomposed = "Nguye\u{302}\u{303}n"
        #expect(ShownText.lines(decomposed) == decomposed)
    }

    @Test(
        "what a terminal obeys, what turns or hides text, is shown as its number",
        arguments: [
            "\u{1B}[2J", "\u{9B}2J", "\u{0}", "\u{7F}", "\u{202E}", "\u{2066}", "\u{200B}",
            "\u{200D}",
            "\u{AD}", "\u{61C}", "\u{34F}", "\u{2028}", "\u{FEFF}", "\u{FFF9}", "\u{E0041}",
            "\u{E000}",
            "\u{3164}", "\u{180E}", "\u{FE0F}", "\u{206A}",
        ])
    func hidden(_ text: String) {
        for door in [shown(text), ShownText.lines(text), Log.escaped(text)] {
            #expect(door.hasPrefix("\\u{"))
            #expect(door.unicodeScalars.allSatisfy { !$0.isHidden })
        }
    }

    @Test("lines, tabs and the ends of spreadsheet lines stay; a return alone does not")
    func layout() {
        #expect(ShownText.lines("a\tb\nc\r\nd") == "a\tb\nc\r\nd")
        #expect(ShownText.lines("WRONG\rok") == "WRONG\\u{d}ok")
        #expect(ShownText.lines("x\r") == "x\\u{d}")
        #expect(shown("a\nb") == "a\\u{a}b")
        #expect(shown(String(repeating: "x", count: 200)).count == 129)
    }

    @Test("JSON says the same after the door")
    func json() throws {
        let text = "\u{9B}31m \u{202E} \u{E0041} Nguyễn \u{10FFFF} \u{7F}"
        let door = ShownText.json(String(decoding: try encodeJSON([text]), as: UTF8.self))
        #expect(door.unicodeScalars.allSatisfy { !$0.isHidden })
        #expect(try JSONDecoder().decode([String].self, from: Data(door.utf8)) == [text])
    }
}
