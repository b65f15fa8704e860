import Platform
import Testing

@Suite("base64url")
struct Base64URLTests {
    // RFC 4648, section 10, without padding; the last two use the letters that differ from base64.
    @Test(
        "encodes and decodes the RFC's examples",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("~~~", "fn5-"), ("???", "Pz8_"),
        ])
    func examples(plain: String, text: String) {
        #expect(Base64URL.encode([UInt8](plain.utf8)) == text)
        #expect(Base64URL.decode(text) == [UInt8](plain.utf8))
    }

    @Test(
        "refuses what is not the one canonical text",
        arguments: [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "+A", "/w", "Zm9v\n", " Zm9v", "Zm 9v",
            "Zm9vé", "Zg\0",
        ])
    func refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("any bytes come back, at every length")
    func roundTrip() throws {
        for count in 0...70 {
            let bytes = try randomBytes(count)
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(!text.contains { "+/=".contains($0) })
        }
    }

    @Test("a slice decodes like the whole text")
    func slice() {
        let bytes = [UInt8]("..Zm9v..".utf8)
        #expect(Base64URL.decode(bytes[2..<6]) == [UInt8]("foo".utf8))
    }
}
