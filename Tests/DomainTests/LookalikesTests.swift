import Testing

@testable import Domain

@Suite("Lookalikes") struct LookalikesTests {
    @Test(
        "what cannot be seen, only looks plain, or mixes alphabets is told with its code point",
        arguments: [
            ("\u{441}anbo1", "U+0441 (c)"), ("csv21\u{200B}", "U+200B"),
            ("\u{202E}csv21b", "U+202E"), ("can\u{A0}bo", "U+00A0"), ("can\u{AD}bo", "U+00AD"),
            ("\u{3B1}dmin", "U+03B1 (a)"), ("c\u{FF41}nbo", "U+FF41 (a)"),
            ("C\u{FF21}NBO", "U+FF21 (A)"), ("\u{212A}01", "U+212A (K)"),
            ("can\u{2009}bo", "U+2009"), ("a\u{FE0F}b", "U+FE0F"), ("a\u{E0041}b", "U+E0041"),
            ("a\u{3164}", "U+3164"), ("a\u{2800}b", "U+2800"), ("\u{1D41A}dmin", "U+1D41A (a)"),
            ("canbo\u{B2}", "U+00B2"), ("a\u{85}b", "U+0085"), ("\u{585}ffice", "U+0585 (o)"),
            ("can\u{2028}bo", "U+2028"), ("\u{13AA}anbo", "U+13AA (A)"), ("a\u{E000}", "U+E000"),
            ("canbo\u{661}", "U+0661"), ("canbo\u{967}", "U+0967"),
            ("canb\u{275}", "U+0275 (o)"), ("\u{DF}1", "U+00DF"), ("canbo\u{35F}1", "U+035F"),
            ("ha\u{308}", "U+0308"), ("can\u{338}bo", "U+0338"), ("M\u{FC}ller", "U+00FC"),
            ("c\u{301}anbo", "U+0301"), ("a\u{302}\u{302}", "U+0302"), ("\u{E7}anbo", "U+00E7"),
            ("канцелярия", "U+043A"), ("科長", "U+79D1"), ("can\u{2010}bo", "U+2010"),
            ("can\u{2019}bo", "U+2019"), ("can\u{B7}bo", "U+00B7"), ("canbo\u{20DD}", "U+20DD"),
            ("\u{268}n", "U+0268"), ("canb\u{1A1}\u{335}", "U+0335"),
        ])
    func faults(_ name: String, _ told: String) throws {
        let fault = try #require(Lookalikes.fault(in: name))
        #expect(fault.en.contains(told) && fault.vi.contains(told) && fault.en != fault.vi)
    }

    @Test(
        "plain names, Vietnamese in both spellings too, are no fault",
        arguments: [
            "canbo1", "Nguyễn Văn Mẫu", "Nguye\u{302}\u{303}n", "a.b-c_d/e\\f", "ĐẶNG", "Tra cứu",
            "-", "Thừa Thiên Huế", "Đắk Lắk", "TP. Hồ Chí Minh", "tra-cứu_01@xã", "ƯƠNG Ỹ Ặ",
            "o\u{31B}\u{309}", "a\u{323}\u{306}", "\u{EA}\u{303}", "I\u{309}", "6383/CV-TCT (số 2)",
        ])
    func plain(_ name: String) { #expect(Lookalikes.fault(in: name) == nil) }

    @Test("every letter of Vietnamese passes, composed and decomposed, in small and in capital")
    func alphabet() {
        let marks = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"]
        let vowels = [
            "a", "a\u{306}", "a\u{302}", "e", "e\u{302}", "i", "o", "o\u{302}", "o\u{31B}", "u",
            "u\u{31B}", "y", "ă", "â", "ê", "ô", "ơ", "ư",
        ]
        for vowel in vowels {
            for mark in marks {
                for name in [vowel + mark, (vowel + mark).uppercased()] {
                    #expect(Lookalikes.fault(in: "c\(name)n") == nil, "\(name)")
                }
            }
        }
        #expect(Lookalikes.fault(in: "đĐ") == nil)
    }

    @Test(
        "names that people take for one have one skeleton",
        arguments: [
            ("csv19", "CSV19"), ("hà", "ha\u{300}"), ("сосо", "coco"), ("Đỗ", "\u{D0}ỗ"),
            ("canbo", "c\u{FF41}nbo"), ("K1", "\u{212A}1"), ("can-bo", "can\u{2010}bo"),
            ("can-bo", "can\u{2212}bo"), ("canbo", "canb\u{275}"), ("ss1", "\u{DF}1"),
            ("canbo1", "canbo\u{35F}1"), ("ha", "ha\u{308}"),
        ])
    func twins(_ a: String, _ b: String) {
        #expect(Lookalikes.skeleton(a) == Lookalikes.skeleton(b))
        #expect(ExactText(a) != ExactText(b))
    }

    @Test("other names have others", arguments: [("canbo1", "canbol"), ("ha", "hà"), ("a", "b")])
    func strangers(_ a: String, _ b: String) {
        #expect(Lookalikes.skeleton(a) != Lookalikes.skeleton(b))
    }

    @Test("a name said in Vietnamese is folded to what it means")
    func folded() {
        #expect(
            Lookalikes.folded("Tra cứu thông tin công dân")
                == Lookalikes.folded("TraCuuThongTinCongDan"))
    }

    @Test(
        "code points stand beside what is not plain, and nothing beside what is",
        arguments: [
            ("\u{441}anbo1", "\u{441}anbo1 (U+0441)"), ("can\u{A0}bo", "can\u{A0}bo (U+00A0)"),
            ("c\u{FF41}n", "c\u{FF41}n (U+FF41)"), ("ha\u{300}", "ha\u{300} (U+0300)"),
            ("R1–R3 … “x”", "R1–R3 … “x”"), ("Nguyễn Đỗ", "Nguyễn Đỗ"), ("a\u{200B}", "a\\u{200b}"),
            ("a\u{AD}b", "a\\u{ad}b"),
        ])
    func beside(_ text: String, _ told: String) {
        #expect(Array(shown(text).unicodeScalars) == Array(told.unicodeScalars))
    }
}
