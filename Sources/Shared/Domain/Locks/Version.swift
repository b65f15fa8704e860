/// The version of a lock set or policy: `generation.counter`. A collector restored from backup raises the generation,
/// so versions always go forward (docs/decisions/0015).
public struct Version: Hashable, Comparable, Sendable {
    public let generation: Int64
    public let counter: Int64

    public init(generation: Int64, counter: Int64) {
        self.generation = generation
        self.counter = counter
    }

    /// Nil for any other text, also for another spelling of a number (`01.7`, `+1.7`): each version has one text.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let generation = Int64(parts[0]), let counter = Int64(parts[1]),
            generation >= 0, counter >= 0
        else { return nil }
        self.init(generation: generation, counter: counter)
        guard description == text else { return nil }
    }

    public static func < (a: Version, b: Version) -> Bool {
        (a.generation, a.counter) < (b.generation, b.counter)
    }
}

extension Version: CustomStringConvertible, Codable {
    public var description: String { "\(generation).\(counter)" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let version = Version(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a version is generation.counter, like 1.17")
        }
        self = version
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A version and the digest of the exact JWS held under it: `1.17.<digest>`. Two holders of one version with
/// different digests hold different sets, and the collector repairs that.
public struct HeldVersion: Hashable, Sendable {
    public let version: Version
    /// base64url SHA-256 of the compact JWS.
    public let digest: String

    public init(version: Version, digest: String) {
        self.version = version
        self.digest = digest
    }

    public init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let version = Version(String(text[..<dot])) else {
            return nil
        }
        let digest = String(text[text.index(after: dot)...])
        guard digest.utf8.count == 43 else { return nil }
        self.init(version: version, digest: digest)
    }
}

extension HeldVersion: CustomStringConvertible, Codable {
    public var description: String { "\(version).\(digest)" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let held = HeldVersion(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "held is generation.counter.digest")
        }
        self = held
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
