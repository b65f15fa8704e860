import Glibc
import Testing

@testable import Platform

@Suite("Sealed files") struct SealedFileTests {
    final class Folder {
        let path = "/tmp/chot-unit-sealed-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        init() throws { try Files.makeFolder(path) }
        deinit {
            for name in Files.list(path) { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        func file(_ name: String, _ bytes: [UInt8]? = nil) throws -> String {
            let file = "\(path)/\(name)"
            unlink(file)
            if let bytes { try Files.writeNew(file, bytes) }
            return file
        }
    }

    private static let words = [UInt8]("mật khẩu dài hơn mười hai byte".utf8)
    private static let piece = SealedFile.pieceBytes

    private func failure(_ sealed: String, _ opener: SealedFile.Opener, _ folder: Folder) throws
        -> SealedFileError
    {
        let to = try folder.file("opened")
        let error = try #require(throws: SealedFileError.self) {
            try SealedFile.open(sealed, to: to, with: opener)
        }
        #expect(!Files.exists(to), "what was begun is removed")
        return error
    }

    @Test(
        "what was sealed comes back byte for byte, whatever its size",
        arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001])
    func roundTrip(_ size: Int) throws {
        let folder = try Folder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let plain = try folder.file("plain", bytes)
        let (one, other) = (try X25519PrivateKey.generate(), try X25519PrivateKey.generate())
        let locks: [(SealedFile.Lock, [SealedFile.Opener])] = [
            (
                .recipients([one.publicKey, other.publicKey]),
                [.identities([one]), .identities([other])]
            ),
            (.passphrase(Self.words), [.passphrase(Self.words)]),
        ]
        for (lock, openers) in locks {
            let sealed = try folder.file("sealed")
            try SealedFile.seal(plain, to: sealed, for: lock)
            #expect(try SealedFile.isSealed(sealed) && !SealedFile.isSealed(plain))
            #expect(Files.mode(sealed) == 0o600)
            for opener in openers {
                let opened = try folder.file("opened")
                let digest = try SealedFile.open(sealed, to: opened, with: opener)
                #expect(try Files.read(opened) == bytes)
                #expect(try digest == Files.digest(sealed) && Files.mode(opened) == 0o600)
            }
        }
    }

    @Test("the wrong passphrase, key or kind is told as what it is") func wrongKeys() throws {
        let folder = try Folder()
        let plain = try folder.file("plain", [1, 2, 3])
        let (one, other) = (try X25519PrivateKey.generate(), try X25519PrivateKey.generate())
        let (byKey, byWords) = (try folder.file("key"), try folder.file("words"))
        try SealedFile.seal(plain, to: byKey, for: .recipients([one.publicKey]))
        try SealedFile.seal(plain, to: byWords, for: .passphrase(Self.words))
        #expect(try failure(byKey, .identities([other]), folder) == .otherIdentity)
        #expect(try failure(byKey, .passphrase(Self.words), folder) == .needsIdentity)
        #expect(try failure(byWords, .identities([one]), folder) == .needsPassphrase)
        #expect(try failure(byWords, .passphrase(Self.words + [33]), folder) == .wrongPassphrase)
    }

    @Test("one bit anywhere, an end anywhere, pieces in another order: nothing is opened")
    func damaged() throws {
        let folder = try Folder()
        let size = 3 * Self.piece + 100
        let plain = try folder.file("plain", [UInt8](repeating: 7, count: size))
        let key = try X25519PrivateKey.generate()
        let sealed = try folder.file("sealed")
        try SealedFile.seal(plain, to: sealed, for: .recipients([key.publicKey]))
        let whole = try Files.read(sealed)
        let body = Self.piece + ChaChaBox.tagBytes
        let payload = whole.count - (3 * body + 100 + ChaChaBox.tagBytes)
        func refused(_ bytes: [UInt8], _ what: String) throws {
            let path = try folder.file("spoilt", bytes)
            let to = try folder.file("opened")
            #expect(throws: SealedFileError.self, "\(what)") {
                try SealedFile.open(path, to: to, with: .identities([key]))
            }
            #expect(!Files.exists(to), "\(what)")
        }
        for number in 0..<50 {
            var bytes = whole
            // Every byte of the first lines is one of them, the rest is spread over the file.
            let place = number < 20 ? number * (payload - 1) / 19 : number * (whole.count - 1) / 49
            bytes[place] ^= 1 << UInt8(number % 8)
            try refused(bytes, "bit \(number % 8) of byte \(place)")
        }
        for end in [0, 5, payload - 16, payload] + (1...3).map({ payload + $0 * body })
            + [payload + 1, payload + body + 15, whole.count - 1]
        {
            try refused(Array(whole[..<end]), "cut at \(end)")
        }
        let pieces = (0..<3).map {
            Array(whole[(payload + $0 * body)..<(payload + ($0 + 1) * body)])
        }
        let (head, end) = (Array(whole[..<payload]), Array(whole[(payload + 3 * body)...]))
        try refused(head + pieces[1] + pieces[0] + pieces[2] + end, "exchanged")
        try refused(head + pieces[0] + pieces[2] + end, "one left out")
        try refused(head + pieces[0] + pieces[0] + pieces[1] + pieces[2] + end, "one twice")
        try refused(whole + [0], "one byte more")
        try refused(whole + end, "its end twice")
        let other = try folder.file("other")
        try SealedFile.seal(plain, to: other, for: .recipients([key.publicKey]))
        let foreign = try Files.read(other)
        try refused(
            head + Array(foreign[payload..<(payload + body)]) + Array(whole[(payload + body)...]),
            "of another")
    }

    @Test(
        "no file makes us spend more memory than it may ask for", arguments: [19, 22, 30, 63, 64])
    func costly(_ logN: Int) throws {
        let folder = try Folder()
        let plain = try folder.file("plain", [1])
        let sealed = try folder.file("sealed")
        try SealedFile.seal(plain, to: sealed, for: .passphrase(Self.words))
        let text = String(decoding: try Files.read(sealed), as: UTF8.self)
        #expect(text.contains(" 16\n"))
        var bytes = try Files.read(sealed)
        let line = try #require(
            bytes.firstIndex(of: 10).map { bytes[($0 + 1)...].firstIndex(of: 10) })
        let end = try #require(line)
        bytes.replaceSubrange((end - 2)..<end, with: "\(logN)".utf8)
        let costly = try folder.file("costly", bytes)
        #expect(try failure(costly, .passphrase(Self.words), folder) == .tooCostly(logN: logN))
    }

    @Test("keys are written as age writes them, and a slip of the pen is seen") func keys() throws {
        let bytes = Bech32.decode("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", prefix: "abcdef")
        #expect(bytes.map(Digest.hex) == "00443214c74254b635cf84653a56d7c675be77df")
        let key = try X25519PrivateKey.generate()
        let (secret, recipient) = SealedFileKeys.text(key)
        #expect(secret.hasPrefix("AGE-SECRET-KEY-1") && recipient.hasPrefix("age1"))
        let read = SealedFileKeys.identities("# made today\n\(secret)\n\n")
        #expect(read?.map(\.raw) == [key.raw])
        #expect(SealedFileKeys.recipients("\(recipient)\n# x\n") == [key.publicKey])
        for wrong in [
            "", "# only a comment", secret, recipient.uppercased(), recipient + "q",
            String(recipient.dropLast()) + (recipient.hasSuffix("q") ? "p" : "q"),
            "\(recipient)\nssh-ed25519 AAAA",
            [String](repeating: recipient, count: 17).joined(separator: "\n"),
        ] {
            #expect(SealedFileKeys.recipients(wrong) == nil, "\(wrong)")
        }
        #expect(SealedFileKeys.identities(recipient) == nil)
        #expect(SealedFileKeys.identities(secret.lowercased()) == nil)
    }

    @Test("a public key of small order is refused when it seals") func smallOrder() throws {
        let folder = try Folder()
        let plain = try folder.file("plain", [1])
        for point in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)] {
            let to = try folder.file("sealed")
            #expect(throws: CryptoError.self) {
                try SealedFile.seal(plain, to: to, for: .recipients([point]))
            }
            #expect(!Files.exists(to))
        }
    }
}
