/// The first part of a sealed file, which tells who can open it. Format age v1 (age-encryption.org/v1): the file's
/// key, wrapped once for each recipient or under a passphrase, and a MAC over these lines.
struct SealedFileHeader {
    static let intro = "age-encryption.org/v1"
    static let bytesMax = 16_384
    /// Each try takes 64 MiB and some 0.2 s.
    static let logN = 16
    /// age itself writes 18, which takes 256 MiB.
    static let logNRange = 1...18

    struct Stanza {
        let arguments: [String]
        let body: [UInt8]
    }

    // MARK: writing

    static func sealed(_ fileKey: [UInt8], for lock: SealedFile.Lock) throws -> [UInt8] {
        var text = intro + "\n"
        switch lock {
        case .passphrase(let passphrase):
            let salt = try randomBytes(16)
            let key = try passphraseKey(passphrase, salt, logN)
            text += stanza(["scrypt", encode(salt), "\(logN)"], try wrap(fileKey, key))
        case .recipients(let recipients):
            for recipient in recipients {
                let ephemeral = try X25519PrivateKey.generate()
                let key = try recipientKey(
                    try ephemeral.shared(with: recipient), ephemeral.publicKey, recipient)
                text += stanza(["X25519", encode(ephemeral.publicKey)], try wrap(fileKey, key))
            }
        }
        text += "---"
        return [UInt8]("\(text) \(encode(try mac(fileKey, [UInt8](text.utf8))))\n".utf8)
    }

    private static func stanza(_ arguments: [String], _ body: [UInt8]) -> String {
        "-> " + arguments.joined(separator: " ") + "\n" + encode(body) + "\n"
    }

    // MARK: reading

    private let stanzas: [Stanza]
    private let signed: [UInt8]
    private let mac: [UInt8]
    /// The length of the whole header in bytes.
    let bytes: Int

    /// `start` is the first 16 KiB of a file. Nil when there is no header, or it is damaged.
    init?(_ start: [UInt8]) {
        var place = 0
        func line() -> String? {
            guard let end = start[place...].firstIndex(of: 10) else { return nil }
            let text = start[place..<end]
            place = end + 1
            guard text.allSatisfy({ 32...126 ~= $0 }) else { return nil }
            return String(decoding: text, as: UTF8.self)
        }
        guard line() == Self.intro else { return nil }
        var stanzas: [Stanza] = []
        while true {
            let from = place
            guard let head = line() else { return nil }
            if head.hasPrefix("--- ") {
                guard let mac = Self.decode(String(head.dropFirst(4))), mac.count == 32,
                    !stanzas.isEmpty
                else { return nil }
                (self.mac, bytes, self.stanzas) = (mac, place, stanzas)
                signed = Array(start[..<(from + 3)])
                return
            }
            let words = head.split(separator: " ", omittingEmptySubsequences: false).map(
                String.init)
            guard words.count >= 2, words[0] == "->", !words.contains("") else { return nil }
            var body: [UInt8] = []
            while true {
                guard let text = line(), text.utf8.count <= 64, let part = Self.decode(text) else {
                    return nil
                }
                body += part
                if text.utf8.count < 64 { break }
            }
            stanzas.append(Stanza(arguments: Array(words.dropFirst()), body: body))
        }
    }

    /// The key of the file.
    func open(_ opener: SealedFile.Opener) throws -> [UInt8] {
        let isByPassphrase = stanzas.contains { $0.arguments[0] == "scrypt" }
        let key: [UInt8]
        switch opener {
        case .passphrase(let passphrase):
            guard isByPassphrase else { throw SealedFileError.needsIdentity }
            key = try opened(passphrase)
        case .identities(let identities):
            guard !isByPassphrase else { throw SealedFileError.needsPassphrase }
            key = try opened(identities)
        }
        guard constantTimeEqual(try Self.mac(key, signed), mac) else {
            throw SealedFileError.damaged(at: 0)
        }
        return key
    }

    private func opened(_ passphrase: [UInt8]) throws -> [UInt8] {
        // A passphrase stands alone: beside another stanza, somebody who does not know it could have written the file.
        let words = stanzas[0].arguments
        guard stanzas.count == 1, words.count == 3, let salt = Self.decode(words[1]),
            salt.count == 16, let logN = Int(words[2]), "\(logN)" == words[2]
        else { throw SealedFileError.damaged(at: 0) }
        guard Self.logNRange.contains(logN) else { throw SealedFileError.tooCostly(logN: logN) }
        let key = try Self.passphraseKey(passphrase, salt, logN)
        guard let fileKey = try Self.unwrap(stanzas[0].body, key) else {
            throw SealedFileError.wrongPassphrase
        }
        return fileKey
    }

    private func opened(_ identities: [X25519PrivateKey]) throws -> [UInt8] {
        for stanza in stanzas where stanza.arguments[0] == "X25519" {
            guard stanza.arguments.count == 2, let share = Self.decode(stanza.arguments[1]),
                share.count == 32
            else { throw SealedFileError.damaged(at: 0) }
            for identity in identities {
                guard let secret = try? identity.shared(with: share) else { continue }
                let key = try Self.recipientKey(secret, share, identity.publicKey)
                if let fileKey = try Self.unwrap(stanza.body, key) { return fileKey }
            }
        }
        throw SealedFileError.otherIdentity
    }

    // MARK: keys

    private static func passphraseKey(_ passphrase: [UInt8], _ salt: [UInt8], _ logN: Int) throws
        -> [UInt8]
    {
        try KeyDerivation.scrypt(
            passphrase, salt: [UInt8]((intro + "/scrypt").utf8) + salt, logN: logN)
    }

    private static func recipientKey(_ secret: [UInt8], _ share: [UInt8], _ recipient: [UInt8])
        throws -> [UInt8]
    {
        try KeyDerivation.hkdf(secret, salt: share + recipient, info: intro + "/X25519")
    }

    private static func mac(_ fileKey: [UInt8], _ signed: [UInt8]) throws -> [UInt8] {
        Digest.hmacSHA256(
            key: try KeyDerivation.hkdf(fileKey, salt: [], info: "header"), message: signed)
    }

    /// A fixed nonce is safe, since each key wraps one thing only.
    private static let zeroNonce = [UInt8](repeating: 0, count: ChaChaBox.nonceBytes)

    private static func wrap(_ fileKey: [UInt8], _ key: [UInt8]) throws -> [UInt8] {
        try ChaChaBox(key: key).seal(fileKey[...], nonce: zeroNonce)
    }

    private static func unwrap(_ body: [UInt8], _ key: [UInt8]) throws -> [UInt8]? {
        guard body.count == 32 else { return nil }
        return try ChaChaBox(key: key).open(body[...], nonce: zeroNonce)
    }

    // MARK: base64 of RFC 4648 §4, without padding

    private static func encode(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes).replacing("-", with: "+").replacing("_", with: "/")
    }

    private static func decode(_ text: String) -> [UInt8]? {
        guard !text.contains("-"), !text.contains("_") else { return nil }
        return Base64URL.decode(text.replacing("+", with: "-").replacing("/", with: "_"))
    }
}
