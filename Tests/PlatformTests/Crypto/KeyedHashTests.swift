import Platform
import Testing

@Suite("KeyedHash") struct KeyedHashTests {
    @Test(
        "is the first eight bytes of HMAC-SHA-256 over label and text",
        arguments: ["", "000099000001", String(repeating: "ạ", count: 100)],
        [0, 1, 32, 64, 65, 200])
    func sameAsDigest(_ text: String, _ keyBytes: Int) {
        let key = (0..<keyBytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
        let hash = KeyedHash(key: key)
        for label in [UInt8(ascii: "s"), UInt8(ascii: "o")] {
            let whole = Digest.hmacSHA256(key: key, message: [label] + Array(text.utf8))
            let expected = whole.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(hash.hash(label, text) == expected)
            #expect(hash.hash(label, text) == expected, "the prepared key is not used up")
        }
    }
}
