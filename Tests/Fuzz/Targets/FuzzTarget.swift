import Glibc
import Platform
import Wire

/// One parser under fuzzing: fed any bytes, it must not crash and must keep what it promises.
///
/// Each has its inputs in `Tests/Fuzz/corpus/<name>/`; `make test` replays them, `make fuzz` looks for more.
struct FuzzTarget: Sendable, CustomStringConvertible {
    let name: String
    /// Words of the input's language, which the search puts in.
    let words: [String]
    /// Longest input that is tried.
    let bytesMax: Int
    let feed: @Sendable ([UInt8]) throws -> Void

    init(
        _ name: String, words: [String] = [], bytesMax: Int = 4096,
        feed: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.name = name
        self.words = words
        self.bytesMax = bytesMax
        self.feed = feed
    }

    var description: String { name }

    static let all = [
        soap, authorize, jws, lockSet, policy, summary, answer, handCarried, config, registry,
        ledger, requestIDs, sketch, features, logs, queryLog, texts,
        commands, pack,
    ]
}

/// A promise that an input broke.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
}

/// Says which promise broke; the driver ends the process there, the replay fails its test.
func promise(_ isKept: Bool, _ what: @autoclosure () -> String) throws {
    guard isKept else { throw BrokenPromise(description: what()) }
}

/// What a target needs more than once.
enum Fuzz {
    /// Keys of nobody, the same in every run.
    static let key = Result { try Ed25519PrivateKey(seed: [UInt8](repeating: 7, count: 32)) }
    static let root = Result { try Ed25519PrivateKey(seed: [UInt8](repeating: 9, count: 32)) }

    /// Nil when it is refused; what is accepted must be accepted again, with equal meaning, when it is written.
    static func reread<T: Codable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T? {
        guard let value = try? decodeJSON(type, bytes) else { return nil }
        let again = try decodeJSON(type, encodeJSON(value))
        try promise(again == value, "\(type) reads otherwise when it is written anew")
        return value
    }

    /// A folder in memory that this process alone uses, empty.
    static func folder(_ name: String) throws -> String {
        let path = "/dev/shm/chot-fuzz-\(getpid())-\(name)"
        for file in Files.list(path) { Files.remove("\(path)/\(file)") }
        try Files.makeFolder(path)
        return path
    }
}
