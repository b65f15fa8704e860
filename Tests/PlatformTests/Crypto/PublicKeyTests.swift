import Platform
import Testing

@Suite("Keys that backups are sealed for") struct PublicKeyTests {
    /// Points of small order and numbers of 2^255 − 19 and more (RFC 7748, section 6.1; the list of Curve25519's author).
    static let unusable: [[UInt8]] =
        [
            [0] + Array(repeating: 0, count: 31), [1] + Array(repeating: 0, count: 31),
            [
                0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
                0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
                0x5f, 0x49, 0xb8, 0x00,
            ],
            [
                0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
                0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
                0xd0, 0x9f, 0x11, 0x57,
            ],
        ]
        + (0xec...0xff).map { [UInt8($0)] + Array(repeating: 0xff, count: 30) + [0x7f] }

    @Test("a public key of small order, or not written in its one way, is none")
    func refused() throws {
        let sound = try X25519PrivateKey.generate()
        #expect(X25519PrivateKey.isUsable(publicKey: sound.publicKey))
        #expect(
            SealedFileKeys.recipients(SealedFileKeys.text(sound).recipient) == [sound.publicKey])
        for key in Self.unusable {
            #expect(!X25519PrivateKey.isUsable(publicKey: key))
            let line = SealedFileKeys.text(recipient: key)
            #expect(SealedFileKeys.recipients(line) == nil)
            #expect(
                SealedFileKeys.recipients(SealedFileKeys.text(sound).recipient + "\n" + line) == nil
            )
        }
        var high = sound.publicKey
        high[31] |= 0x80
        #expect(!X25519PrivateKey.isUsable(publicKey: high))
        for count in [0, 31, 33] {
            #expect(!X25519PrivateKey.isUsable(publicKey: Array(repeating: 9, count: count)))
        }
    }
}
