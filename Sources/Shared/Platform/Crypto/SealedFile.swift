import CCrypto

/// Files of any size that only those who know a passphrase, or hold a private key, can read. The format is age v1
/// (Debian's `age` also opens them), by OpenSSL's X25519, scrypt, HKDF-SHA-256 and ChaCha20-Poly1305. Each piece of
/// 64 KiB is sealed with its number and whether it is the last, so a file that was cut short, reordered or exchanged
/// in parts is refused. Memory does not depend on the size.
public enum SealedFile {
    public enum Lock: Sendable {
        case passphrase([UInt8])
        /// Public keys; the owner of any one of them can open the file.
        case recipients([[UInt8]])
    }

    public enum Opener: Sendable {
        case passphrase([UInt8])
        case identities([X25519PrivateKey])
    }

    static let pieceBytes = 65_536

    /// Whether a file begins like a sealed one; the rest is not looked at.
    public static func isSealed(_ path: String) throws -> Bool {
        var start = [UInt8](repeating: 0, count: SealedFileHeader.intro.utf8.count)
        let count = try ByteSource(path).fill(&start)
        return count == start.count && start.elementsEqual(SealedFileHeader.intro.utf8)
    }

    /// Seals a file. `other` is made anew, 0600, and is on the disk on return; after a failure it is removed.
    public static func seal(_ path: String, to other: String, for lock: Lock) throws {
        let fileKey = try randomBytes(16)
        let nonce = try randomBytes(16)
        let source = try ByteSource(path)
        let sink = try ByteSink(new: other)
        try sink.write(try SealedFileHeader.sealed(fileKey, for: lock))
        try sink.write(nonce)
        let box = try ChaChaBox(key: payloadKey(fileKey, nonce))
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        var next = piece
        var count = try source.fill(&piece)
        var number: UInt64 = 0
        while true {
            let following = count == pieceBytes ? try source.fill(&next) : 0
            try sink.write(
                try box.seal(piece[..<count], nonce: pieceNonce(number, isLast: following == 0)))
            if following == 0 { break }
            number += 1
            swap(&piece, &next)
            count = following
        }
        try sink.finish()
    }

    /// Opens a sealed file as `seal` makes one. Returns the SHA-256 of the sealed file.
    public static func open(_ path: String, to other: String, with opener: Opener) throws
        -> [UInt8]
    {
        var start = [UInt8](repeating: 0, count: SealedFileHeader.bytesMax)
        let filled = try ByteSource(path).fill(&start)
        guard let header = SealedFileHeader(Array(start[..<filled])) else {
            throw SealedFileError.damaged(at: 0)
        }
        let fileKey = try header.open(opener)
        let source = try ByteSource(path)
        let digest = try RunningDigest()
        var again = [UInt8](repeating: 0, count: header.bytes)
        var nonce = [UInt8](repeating: 0, count: 16)
        guard try source.fill(&again) == again.count, again[...] == start[..<header.bytes],
            try source.fill(&nonce) == nonce.count
        else { throw SealedFileError.damaged(at: Int64(header.bytes)) }
        digest.add(again[...])
        digest.add(nonce[...])
        let sink = try ByteSink(new: other)
        let box = try ChaChaBox(key: payloadKey(fileKey, nonce))
        let sealedBytes = pieceBytes + ChaChaBox.tagBytes
        var piece = [UInt8](repeating: 0, count: sealedBytes)
        var next = piece
        var count = try source.fill(&piece)
        var number: UInt64 = 0
        while true {
            let following = count == sealedBytes ? try source.fill(&next) : 0
            let nonce = pieceNonce(number, isLast: following == 0)
            guard let plain = try box.open(piece[..<count], nonce: nonce),
                number == 0 || !plain.isEmpty
            else {
                let before = Int64(header.bytes + 16)
                throw SealedFileError.damaged(at: before + Int64(number) * Int64(sealedBytes))
            }
            digest.add(piece[..<count])
            try sink.write(plain)
            if following == 0 { break }
            number += 1
            swap(&piece, &next)
            count = following
        }
        try sink.finish()
        return digest.finish()
    }

    private static func payloadKey(_ fileKey: [UInt8], _ nonce: [UInt8]) throws -> [UInt8] {
        try KeyDerivation.hkdf(fileKey, salt: nonce, info: "payload")
    }

    /// The nonce of a piece: 11 bytes of its number, and a last byte that is 1 for the last piece.
    private static func pieceNonce(_ number: UInt64, isLast: Bool) -> [UInt8] {
        [0, 0, 0] + withUnsafeBytes(of: number.bigEndian) { Array($0) } + [isLast ? 1 : 0]
    }
}
