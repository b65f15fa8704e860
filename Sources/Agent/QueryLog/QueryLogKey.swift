import Domain
import Platform

/// The key under which the query log hashes subjects: 32 random bytes, made at first use, kept in the state folder
/// (`querylog.key`, 0600) and never sent anywhere. Whoever holds it can test numbers against the log; whoever
/// destroys it makes every subject of the log unreadable for good. It prints as `<redacted>`.
struct QueryLogKey: Sendable, CustomStringConvertible {
    static let bytesCount = 32

    private let bytes: [UInt8]
    /// Tells under which key a file was written, without giving the key away.
    let id: String

    static func path(_ state: String) -> String { "\(state)/querylog.key" }

    init(bytes: [UInt8]) {
        self.bytes = bytes
        let name = Digest.hmacSHA256(key: bytes, message: [UInt8]("chot query log key id".utf8))
        id = Base64URL.encode(Array(name.prefix(6)))
    }

    /// Loads the key for a search. Throws when it is absent; a search makes none.
    static func load(_ state: String) throws -> QueryLogKey {
        let path = path(state)
        let text = try Files.readText(path, bytesMax: 1024)
        guard let bytes = Base64URL.decode(text.filter { !$0.isWhitespace }),
            bytes.count == bytesCount
        else {
            throw FileError(
                path: path, action: .readKey,
                detail: "it is not \(bytesCount) bytes as base64url; put back a copy of it",
                vi: "không phải \(bytesCount) byte dạng base64url; hãy chép lại từ bản sao")
        }
        return QueryLogKey(bytes: bytes)
    }

    /// Loads or makes the key for the running agent. A malformed key is set aside, never overwritten, and a new one
    /// begins: queries are still logged, and each file says by `id` which key it needs.
    static func loadOrMake(_ state: String, at now: Timestamp) throws -> QueryLogKey {
        let path = path(state)
        if Files.exists(path) {
            do {
                return try load(state)
            } catch let error as FileError where error.errno != 0 {
                throw error
            } catch {
                let aside = "\(path).unreadable-\(now.milliseconds)"
                try Files.move(path, to: aside)
                Log.error(
                    "the query log's key cannot be read and was set aside; a new one begins, and older lines can be searched for subjects only with a copy of the old one",
                    ["error": error, "aside": aside])
            }
        }
        if Files.list("\(state)/log").contains(where: { $0.hasPrefix("queries-") }) {
            Log.error(
                "the query log has lines and no key: it was removed, or the folder was restored without it; a new one begins, and older lines can be searched for subjects only with a copy of the old one",
                ["key": path])
        }
        let key = QueryLogKey(bytes: try randomBytes(bytesCount))
        try Files.writeAtomically(path, Base64URL.encode(key.bytes) + "\n")
        return key
    }

    func makeDigest() throws -> KeyedDigest { try KeyedDigest(key: bytes) }

    var description: String { "<redacted>" }
}

extension KeyedDigest {
    func subject(_ number: String) -> SubjectHash {
        let (high, low) = half(of: number)
        return SubjectHash(high: high, low: low)
    }
}
