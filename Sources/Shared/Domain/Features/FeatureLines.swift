/// The features of an interval's accounts with their sketches, as lines in one buffer: from the seal until their
/// summaries are signed, thousands of accounts take only the room of their text, in one piece.
public struct FeatureLines: Hashable, Sendable {
    private var writer = FeatureWriter()

    public init() {}

    /// Restores what `bytes` gave.
    public init(bytes: [UInt8]) { writer = FeatureWriter(bytes) }

    public init(_ features: [AccountFeatures]) {
        for one in features { append(one) }
    }

    /// All lines; each ends in a line feed.
    public var bytes: [UInt8] { writer.bytes }
    public var isEmpty: Bool { writer.bytes.isEmpty }

    /// Adds a line. A login with a line feed, which no agent accepts, is left out.
    public mutating func append(_ features: AccountFeatures) {
        guard !features.login.rawValue.utf8.contains(UInt8(ascii: "\n")) else { return }
        writer.put(features)
        writer.endLine()
    }

    public var lines: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "\n")) }

    /// All features, without lines that cannot be read.
    public var all: [AccountFeatures] { lines.compactMap { AccountFeatures(line: $0) } }

    /// Whether every line still has its sketches, so that it can be merged with others.
    var hasSketches: Bool { lines.allSatisfy { FeatureLine($0).hasSketches } }

    /// Merges the lines that followed in time, by login and hour.
    public mutating func merge(_ next: FeatureLines) {
        guard !isEmpty else { return self = next }
        var merged = all
        AccountFeatures.merge(next.all, into: &merged)
        self = FeatureLines(merged)
    }
}

extension FeatureLines: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([AccountFeatures].self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(all)
    }
}

/// One line, taken apart without reading its numbers.
public struct FeatureLine {
    private let bytes: ArraySlice<UInt8>
    private let space: Int
    private let told: Int
    let hasSketches: Bool

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        space = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.endIndex
        var groups = 0
        let end = bytes[..<space].firstIndex { byte in
            if byte == UInt8(ascii: ";") { groups += 1 }
            return groups == 8
        }
        told = end ?? space
        hasSketches = end != nil
    }

    public var login: Login {
        Login(unchecked: String(decoding: bytes[space...].dropFirst(), as: UTF8.self))
    }

    /// At most the bytes of the line without sketches as JSON, where each byte of a login may take six.
    public var bytesMax: Int { told - bytes.startIndex + 4 + 6 * (bytes.endIndex - space) }
}
