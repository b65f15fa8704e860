import Domain
import Glibc
import Platform
import Testing
@testable import Collector
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Passphrases in files") struct PassphraseFileTests {
    private func read(_ text: String) throws -> String {
        let path = "/tmp/chot-unit-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try Files.writeNew(path, [UInt8](text.utf8))
        defer { unlink(path) }
        return try PassphraseFile.readNew(path, forWhat: Localized(vi: "x", en: "x"))
    }

    @Test("are a line, without its end, by whichever system it was written")
    func ends() throws {
        for end in ["", "\n", "\r\n"] {
            #expect(try read("mười hai từ khó đoán" + end) == "mười hai từ khó đoán")
        }
    }

    @Test(
        "that nobody could type again are refused in both languages",
        arguments: [
            "short", "aaaaaaaaaaaa", "            ", " mười hai từ khó", "mười hai từ khó ",
            "mười hai\ntừ khó đoán", "mười hai từ\u{200B}khó đoán", "mười hai từ\u{202E}khó đoán",
            "mười hai từ khó\u{0}đoán", "mười hai từ khó đoán\r", "mười hai từ khó đoán\n\n",
            "mười hai từ khó đoán\u{FEFF}", String(repeating: "abcd", count: 257),
        ])
    func refused(_ text: String) {
        let failure = #expect(throws: CommandFailure.self) { try read(text) }
        #expect(failure?.vietnamese.contains("mật khẩu của x") == true)
    }
}
