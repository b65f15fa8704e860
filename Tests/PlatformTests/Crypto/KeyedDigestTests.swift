import Platform
import Testing

@Suite("KeyedDigest") struct KeyedDigestTests {
    @Test("it is HMAC-SHA-256 cut in half, for every length of key and message")
    func sameAsHMAC() throws {
        for length in [0, 1, 32, 63, 64, 65, 200] {
            let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 3) }
            let digest = try KeyedDigest(key: key)
            for message in ["", "000099000001", String(repeating: "ố", count: 100)] {
                let (high, low) = digest.half(of: message)
                let bytes = [high, low].flatMap { word in
                    (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
                }
                let whole = Digest.hmacSHA256(key: key, message: [UInt8](message.utf8))
                #expect(bytes == Array(whole.prefix(16)))
                let labelled = Digest.hmacSHA256(key: key, message: [0x73] + Array(message.utf8))
                let word = labelled.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                #expect(digest.half(of: message, label: 0x73).high == word)
            }
        }
    }

    @Test("no key is shown") func key() throws {
        #expect("\(try KeyedDigest(key: [1]))" == "<redacted>")
    }
}
