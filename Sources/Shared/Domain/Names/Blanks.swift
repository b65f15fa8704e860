/// White space around a value is not part of it, in SOAP, in headers and in logs. Blanks are those of ASCII (9 to 13
/// and 32). Other white space (a no-break space, an ideographic one) and invisible characters are part of the value
/// here, while some readers cut them off: whoever judges by a value that ends in one refuses it (`endsUnclear`).
public enum Blanks {
    public static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// The text without blanks at both ends. It takes two comparisons where there are none.
    @inline(__always)
    public static func cut(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let first = bytes.first, let last = bytes.last, isBlank(first) || isBlank(last) else {
            return bytes
        }
        return shortened(bytes)
    }

    public static func cut(_ text: String) -> String {
        guard let first = text.utf8.first, let last = text.utf8.last,
            isBlank(first) || isBlank(last)
        else { return text }
        // Bytes are compared, not characters: CR LF is one character, and a blank with an accent is another.
        var text = text
        return text.withUTF8 {
            String(decoding: shortened(UnsafeRawBufferPointer($0)), as: UTF8.self)
        }
    }

    /// Whether a value begins or ends in white space beyond ASCII, or in an invisible character: to one reader
    /// `canbo1` with a no-break space is another account, to a reader that trims it is the same. It takes two
    /// comparisons for most values.
    public static func endsUnclear(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, first >= 0x80 || last >= 0x80
        else { return false }
        let scalars = text.unicodeScalars
        return [scalars.first, scalars.last].contains { $0.map(isUnclear) ?? false }
    }

    private static func isUnclear(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return properties.isWhitespace || properties.generalCategory == .format
            || properties.generalCategory == .control || properties.isDefaultIgnorableCodePoint
    }

    @inline(never)
    private static func shortened(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}
