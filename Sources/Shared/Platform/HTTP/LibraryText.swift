/// Cleans what libraries (libcurl, OpenSSL, servers through them) say of a failure before it goes into an error of
/// ours. They quote the addresses that they were given, passwords included; every such text comes through here.
enum LibraryText {
    static let lengthMax = 500

    /// One line without hidden characters, without the user and password of any address, and without the given secrets.
    static func cleaned(_ text: String, hiding secrets: [String] = []) -> String {
        var text = text
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where !secret.isEmpty {
            text = text.replacing(secret, with: "***")
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(withoutUser)
        let line = Log.escaped(words.joined(separator: " "))
        return line.count > lengthMax ? line.prefix(lengthMax) + "…" : line
    }

    /// Cleans one address as a whole, so that a blank in its password does not split it.
    static func address(_ url: String) -> String { cleaned(withoutUser(url[...])) }

    /// Makes `http://***@host:1/x` of `http://user:pass@word@host:1/x`. Everything before the last at sign of a word
    /// is removed, valid in an address or not: who forgets to write `%40` must not find the rest in a log.
    private static func withoutUser(_ word: Substring) -> String {
        guard let start = word.firstRange(of: "://"),
            let at = word[start.upperBound...].lastIndex(of: "@")
        else { return String(word) }
        return word[..<start.upperBound] + "***" + word[at...]
    }

    /// The parts of an address that must not be told: user and password, together and apart, escaped and not.
    static func secrets(ofURL url: String?) -> [String] {
        guard let url, let start = url.firstRange(of: "://"),
            let at = url[start.upperBound...].lastIndex(of: "@")
        else { return [] }
        let both = url[start.upperBound..<at]
        guard let colon = both.firstIndex(of: ":") else { return [String(both)] }
        let password = String(both[both.index(after: colon)...])
        return [String(both), password, decoded(password)]
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                let code = UInt8(digits, radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
