/// A text as a key, byte for byte. Swift's own keys take a letter and its decomposed spelling for one, and a Kelvin
/// sign for a K; to the population database, and to our tables, they are two.
public struct ExactText: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }

    public static func == (a: Self, b: Self) -> Bool { isSpelledAlike(a.text, b.text) }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Compares two texts byte for byte.
func isSpelledAlike(_ a: String, _ b: String) -> Bool {
    var (a, b) = (a, b)
    return a.withUTF8 { a in
        b.withUTF8 { b in
            guard a.count == b.count else { return false }
            var index = 0
            while index < a.count, a[index] == b[index] { index += 1 }
            return index == a.count
        }
    }
}
