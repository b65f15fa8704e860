/// White space around a value is not part of it, wherever the value stands: in SOAP, in headers, in logs. Blanks are
/// those of ASCII (9 to 13 and 32); a no-break space is a character of the value like any other.
public enum Blanks {
    public static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Without those at both ends. Two comparisons where there are none.
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
        // Bytes, not characters: CR LF is one character, and a blank with an accent on it another.
        var text = text
        return text.withUTF8 {
            String(decoding: shortened(UnsafeRawBufferPointer($0)), as: UTF8.self)
        }
    }

    @inline(never)
    private static func shortened(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}
