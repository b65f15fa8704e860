import Platform
import Testing

@Suite("TextTable")
struct TextTableTests {
    @Test("columns are aligned by characters, not bytes")
    func aligned() {
        let table = TextTable(
            columns: ["unit", "count"], rows: [["Đắk Lắk", "1"], ["Huế", "20"]])
        #expect(table.text() == "unit     count\nĐắk Lắk  1\nHuế      20")
    }

    @Test("control characters of imported data never reach the terminal")
    func escaped() {
        let table = TextTable(columns: ["a"], rows: [["\u{1B}[2Jx\ny"]])
        #expect(table.text() == "a\n\\u{1b}[2Jx\\u{a}y")
    }

    @Test("rows that are too short or too long fit the head")
    func ragged() {
        let table = TextTable(columns: ["a", "b"], rows: [["1"], ["1", "2", "3"], []])
        #expect(table.csv() == "a,b\r\n1,\r\n1,2\r\n,\r\n")
        #expect(TextTable(columns: ["a"], rows: []).text() == "a")
    }

    @Test(
        "a cell of CSV is quoted, and never a formula",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("@x", "'@x"), ("-x", "'-x"),
            ("=a,b", "\"'=a,b\""),
            ("-5", "-5"), ("+5", "+5"), ("-2.5", "-2.5"), ("\tx", "'\tx"),
            ("=\u{301}1", "'=\u{301}1"),
            ("a\r\nb", "\"a\r\nb\""), ("a\"\u{301}b", "\"a\"\"\u{301}b\""), ("", ""),
            ("Huế", "Huế"),
        ])
    func csv(cell: String, expected: String) {
        #expect(TextTable(columns: ["h"], rows: [[cell]]).csv() == "h\r\n\(expected)\r\n")
    }
}
