import Platform
import Testing

@Suite("Digest")
struct DigestTests {
    // FIPS 180-4 examples.
    @Test(
        "SHA-256 of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func sha256(text: String, expected: String) {
        #expect(Digest.hex(Digest.sha256([UInt8](text.utf8))) == expected)
    }

    @Test("the key thumbprint of RFC 8037, appendix A.3")
    func thumbprint() {
        let jwk =
            #"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        #expect(
            Base64URL.encode(Digest.sha256([UInt8](jwk.utf8)))
                == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("HMAC-SHA-256 of RFC 4231, cases 1 and 2, and with nothing at all")
    func hmac() {
        #expect(
            Digest.hex(
                Digest.hmacSHA256(
                    key: [UInt8](repeating: 0x0B, count: 20), message: [UInt8]("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            Digest.hex(
                Digest.hmacSHA256(
                    key: [UInt8]("Jefe".utf8), message: [UInt8]("what do ya want for nothing?".utf8)
                ))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Digest.hex(Digest.hmacSHA256(key: [], message: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("comparison tells equal from unequal, also in length")
    func comparison() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
    }

    @Test("random bytes have the length asked for and differ")
    func random() throws {
        #expect(try randomBytes(0).isEmpty)
        #expect(try randomBytes(32).count == 32)
        #expect(try randomBytes(32) != randomBytes(32))
    }
}
