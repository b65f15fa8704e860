import Platform
import Testing

@Suite("KeyedDigest") struct KeyedDigestTests {
    @Test("it is HMAC-SHA-256 cut in half, for every length of key and message")
    func sameAsHMAC() throws {
        for length in [0, 1, 32, 63, 64] {
            let key = (0..<length).map { UInt8($0 * 3) }
            let digest = try KeyedDigest(key: key)
            for message in ["", "000099000001", String(repeating: "ố", count: 100)] {
                let (high, low) = digest.half(of: message)
                let bytes = [high, low].flatMap { word in
                    (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
                }
                let whole = Digest.hmacSHA256(key: key, message: [UInt8](message.utf8))
                #expect(bytes == Array(whole.prefix(16)))
            }
        }
    }

    @Test("a key that is too long is refused, and none is shown") func key() throws {
        #expect(throws: CryptoError.self) {
            try KeyedDigest(key: [UInt8](repeating: 1, count: 65))
        }
        #expect("\(try KeyedDigest(key: [1]))" == "<redacted>")
    }
}
