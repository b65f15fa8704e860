/// A checked name. `init?` accepts what `rule` says; `init(unchecked:)` is for values that were checked when they
/// were stored, and for names of our own.
public protocol Name: RawRepresentable<String>, Hashable, Comparable, Sendable, Codable,
    CustomStringConvertible
{
    init(unchecked text: String)
    static func accepts(_ text: String) -> Bool
    /// The accepted texts, in words for an error message.
    static var rule: Localized { get }
}

extension Name {
    public init?(_ text: String) {
        guard Self.accepts(text) else { return nil }
        self.init(unchecked: text)
    }

    public init?(rawValue: String) { self.init(rawValue) }

    public var description: String { rawValue }

    /// Compares byte for byte: Swift's own comparison takes a letter and its decomposed spelling for the same, and to
    /// the population database these are two accounts.
    public static func == (a: Self, b: Self) -> Bool {
        isSpelledAlike(a.rawValue, b.rawValue)
    }

    public func hash(into hasher: inout Hasher) {
        var text = rawValue
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        // A wire string may name what no registry would accept (a login that was refused), so only its size is
        // checked here; the registry checks names when it imports them.
        guard text.utf8.count <= 256 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a name of \(text.utf8.count) bytes; 256 at most")
        }
        self.init(unchecked: text)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...122).contains(byte)
}

/// 1 to 128 bytes without control characters (C0, DEL, C1).
func isPlainName(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        guard (1...128).contains(bytes.count) else { return false }
        var before: UInt8 = 0
        for byte in bytes {
            // In UTF-8 the C1 controls are C2 80 to C2 9F.
            if byte < 0x20 || byte == 0x7F || before == 0xC2 && byte < 0xA0 { return false }
            before = byte
        }
        return true
    }
}
