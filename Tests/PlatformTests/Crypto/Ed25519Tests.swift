import Platform
import Testing

@Suite("Ed25519")
struct Ed25519Tests {
    struct Vector: Sendable {
        let seed, publicKey, message, signature: String
    }

    // RFC 8032, section 7.1, tests 1 to 3.
    static let vectors = [
        Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        Vector(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]

    @Test("signs and verifies the RFC's vectors", arguments: vectors)
    func vector(_ vector: Vector) throws {
        let key = try Ed25519PrivateKey(seed: bytes(vector.seed))
        let message = bytes(vector.message)
        #expect(Digest.hex(key.publicKey.raw) == vector.publicKey)
        #expect(Digest.hex(try key.sign(message)) == vector.signature)
        #expect(key.publicKey.verify(signature: bytes(vector.signature), message: message))
        #expect(key.seed == bytes(vector.seed))
    }

    @Test("one changed bit, a cut signature or another key is refused")
    func refused() throws {
        let key = try Ed25519PrivateKey.generate()
        let message = [UInt8]("một bản tổng hợp".utf8)
        let signature = try key.sign(message)
        var changed = signature
        changed[10] ^= 1
        #expect(!key.publicKey.verify(signature: changed, message: message))
        #expect(!key.publicKey.verify(signature: signature, message: message + [0]))
        #expect(!key.publicKey.verify(signature: Array(signature.dropLast()), message: message))
        #expect(!key.publicKey.verify(signature: [], message: message))
        #expect(
            !(try Ed25519PrivateKey.generate()).publicKey.verify(
                signature: signature, message: message))
        #expect(key.publicKey.verify(signature: signature, message: message))
    }

    @Test("keys of the wrong length are refused with a reason", arguments: [0, 31, 33])
    func wrongLength(count: Int) {
        let raw = [UInt8](repeating: 1, count: count)
        #expect { try Ed25519PrivateKey(seed: raw) } throws: { "\($0)".contains("32 bytes") }
        #expect { try Ed25519PublicKey(raw: raw) } throws: { "\($0)".contains("32 bytes") }
    }

    @Test("a private key never prints")
    func redacted() throws {
        let key = try Ed25519PrivateKey(seed: [UInt8](repeating: 7, count: 32))
        #expect("\(key)" == "<redacted>")
        #expect(String(reflecting: key) == "<redacted>")
    }

    @Test("public keys are equal by their bytes")
    func equality() throws {
        let key = try Ed25519PrivateKey.generate().publicKey
        let same = try Ed25519PublicKey(raw: key.raw)
        #expect(key == same)
        #expect(Set([key, same]).count == 1)
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
