import Platform
import Testing

@Suite("CSV that a spreadsheet opens") struct TextTableFormulaTests {
    static func cell(_ text: String) -> String {
        let csv = TextTable(columns: ["a"], rows: [[text]]).csv()
        return String(csv.dropFirst("a".count + 1).dropLast(1))
    }

    @Test(
        "a cell that would be run is text",
        arguments: [
            "=1+1", "+84 900", "-inf", "-0x1p3", "@SUM(A1)", "\tx", "  =x", "＝1", "－x", "-1-1",
            "-1e9", "-.", "- 1", "=HYPERLINK(\"http://x\")",
        ])
    func formulas(_ text: String) {
        let cell = Self.cell(text)
        #expect(cell.hasPrefix("'") || cell.hasPrefix("\"'"), "\(cell)")
    }

    @Test(
        "numbers stay numbers, names stay names",
        arguments: ["0", "-12", "-1.5", "27", "canbo1", "H26.motcua", "Đơn vị", "a=b", "", "-"])
    func plain(_ text: String) { #expect(Self.cell(text) == text) }
}
