/// The keys of sealed files in the text form that the program age and ours write: a public key begins with `age1`, a
/// private one with `AGE-SECRET-KEY-1`. Empty lines and lines that begin with `#` are ignored.
public enum SealedFileKeys {
    public static let recipientsMax = 16

    public static func text(_ key: X25519PrivateKey) -> (secret: String, recipient: String) {
        (
            Bech32.encode("age-secret-key-", key.raw).uppercased(),
            text(recipient: key.publicKey)
        )
    }

    public static func text(recipient: [UInt8]) -> String { Bech32.encode("age", recipient) }

    /// 1 to 16 public keys; nil when the text holds anything else.
    public static func recipients(_ text: String) -> [[UInt8]]? {
        let keys = lines(text).map { line -> [UInt8]? in
            guard line == line.lowercased(), let key = Bech32.decode(line, prefix: "age"),
                X25519PrivateKey.isUsable(publicKey: key)
            else { return nil }
            return key
        }
        return all(keys)
    }

    /// 1 to 16 private keys; nil when the text holds anything else.
    public static func identities(_ text: String) -> [X25519PrivateKey]? {
        let keys = lines(text).map { line -> X25519PrivateKey? in
            guard line == line.uppercased(),
                let raw = Bech32.decode(line, prefix: "age-secret-key-")
            else { return nil }
            return try? X25519PrivateKey(raw: raw)
        }
        return all(keys)
    }

    private static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.hasPrefix("#") }
    }

    private static func all<Key>(_ keys: [Key?]) -> [Key]? {
        let sound = keys.compactMap { $0 }
        return sound.count == keys.count && (1...recipientsMax).contains(sound.count) ? sound : nil
    }
}
