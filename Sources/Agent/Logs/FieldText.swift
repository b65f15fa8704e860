import Glibc

/// Restores the bytes that a value had before nginx escaped it, and copies only values with escapes. What it returns
/// is valid until the next call, or as long as the line. One thread at a time.
final class FieldText {
    private let escape: LogFormat.Escape
    /// Decoding never makes a value longer than its line.
    private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: LineReader.lineBytesMax)

    init(escape: LogFormat.Escape) { self.escape = escape }

    deinit { memory.deallocate() }

    @inline(__always)
    func decoded(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard escape != .none, let base = text.baseAddress,
            memchr(base, Int32(UInt8(ascii: "\\")), text.count) != nil
        else { return text }
        return undo(text)
    }

    @inline(never)
    private func undo(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var to = 0
        var from = 0
        // A line is never longer than the memory; a caller who breaks that gets the value as it is.
        guard text.count <= LineReader.lineBytesMax else { return text }
        while from < text.count {
            let byte = text[from]
            guard byte == UInt8(ascii: "\\"), from + 1 < text.count else {
                memory[to] = byte
                to += 1
                from += 1
                continue
            }
            let (bytes, length) =
                escape == .json
                ? Self.jsonEscape(text, from) : (Self.hexEscape(text, from), 4)
            if let bytes {
                for shift in stride(from: 24, through: 0, by: -8) {
                    let piece = UInt8(truncatingIfNeeded: bytes >> UInt32(shift))
                    guard piece != 0 || shift == 0 else { continue }
                    memory[to] = piece
                    to += 1
                }
                from += length
            } else if let plain = shortEscape(text[from + 1]) {
                memory[to] = plain
                to += 1
                from += 2
            } else {
                memory[to] = byte
                to += 1
                from += 1
            }
        }
        return UnsafeRawBufferPointer(start: memory, count: to)
    }

    /// Reads `\x22` as one byte.
    private static func hexEscape(_ text: UnsafeRawBufferPointer, _ at: Int) -> UInt32? {
        guard text.count - at >= 4, text[at + 1] == UInt8(ascii: "x") else { return nil }
        return hexadecimal(text, at + 2, 2)
    }

    /// Reads `\u00e9`, or two of them where UTF-16 needs two; gives UTF-8 bytes in one number.
    private static func jsonEscape(_ text: UnsafeRawBufferPointer, _ at: Int) -> (UInt32?, Int) {
        guard let unit = unit(text, at) else { return (nil, 0) }
        var scalar = unit
        var length = 6
        if (0xD800..<0xDC00).contains(unit), let low = Self.unit(text, at + 6),
            (0xDC00..<0xE000).contains(low)
        {
            scalar = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            length = 12
        }
        // Half a surrogate pair is no character.
        guard let character = Unicode.Scalar(scalar) else { return (0xEFBFBD, 6) }
        return (UTF8.encode(character).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }, length)
    }

    private static func unit(_ text: UnsafeRawBufferPointer, _ at: Int) -> UInt32? {
        guard text.count - at >= 6, text[at] == UInt8(ascii: "\\"),
            text[at + 1] == UInt8(ascii: "u")
        else { return nil }
        return hexadecimal(text, at + 2, 4)
    }

    private static func hexadecimal(_ text: UnsafeRawBufferPointer, _ at: Int, _ digits: Int)
        -> UInt32?
    {
        var value: UInt32 = 0
        for index in at..<at + digits {
            guard let digit = hexDigit(text[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// With the default escape only Apache writes `\"` and `\\`, in a combined log. The others are JSON's.
    private func shortEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case _ where escape != .json: nil
        case UInt8(ascii: "/"): byte
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "f"): 12
        default: nil
        }
    }
}

extension FieldText {
    /// The segment `number` of a path (from 1; negative from the end), with its percent signs decoded; empty when
    /// there is none. Empty segments do not count: `//a//b` has two.
    @inline(__always)
    func segment(_ number: Int, of value: UnsafeRawBufferPointer, isRequestLine: Bool)
        -> UnsafeRawBufferPointer
    {
        let text = decoded(value)
        guard let base = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return text }
        var at = 0
        let end = text.count
        if isRequestLine {
            while at < end, base[at] != 32 { at &+= 1 }
            at = min(end, at &+ 1)
        }
        // A client may send `http://host/path`, as it would to a proxy.
        if at < end, base[at] != UInt8(ascii: "/") { at = Self.pathStart(base, at, end) }
        let piece =
            number > 0
            ? Self.forward(number, base, at, end) : Self.backward(-number, base, at, end)
        let bytes = UnsafeRawBufferPointer(rebasing: text[piece])
        guard let start = bytes.baseAddress, !bytes.isEmpty,
            memchr(start, Int32(UInt8(ascii: "%")), bytes.count) != nil
        else { return bytes }
        return percentDecoded(bytes)
    }

    @inline(__always)
    private static func forward(
        _ number: Int, _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) -> Range<Int> {
        var left = number
        var at = start
        while true {
            while at < end, base[at] == UInt8(ascii: "/") { at &+= 1 }
            let from = at
            while at < end, !isPathEnd(base[at]), base[at] != UInt8(ascii: "/") { at &+= 1 }
            left &-= from == at ? left : 1
            if left == 0 { return from..<at }
        }
    }

    @inline(__always)
    private static func isPathEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "?") || byte == 32
    }

    private static func backward(
        _ number: Int, _ base: UnsafePointer<UInt8>, _ start: Int, _ limit: Int
    ) -> Range<Int> {
        var end = start
        while end < limit, !isPathEnd(base[end]) { end += 1 }
        var left = number
        var at = end
        while true {
            while at > start, base[at - 1] == UInt8(ascii: "/") { at -= 1 }
            let to = at
            while at > start, base[at - 1] != UInt8(ascii: "/") { at -= 1 }
            left -= 1
            if left == 0 || to == start { return at..<to }
        }
    }

    private static func pathStart(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var at = start
        while at + 2 < end, base[at] != 32, base[at] != UInt8(ascii: "?") {
            if base[at] == UInt8(ascii: ":"), base[at + 1] == UInt8(ascii: "/"),
                base[at + 2] == UInt8(ascii: "/")
            {
                at += 3
                while at < end, base[at] != UInt8(ascii: "/"), base[at] != 32 { at += 1 }
                return at
            }
            at += 1
        }
        return end
    }

    private func percentDecoded(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard text.count <= LineReader.lineBytesMax else { return text }
        var to = 0
        var from = 0
        while from < text.count {
            if text[from] == UInt8(ascii: "%"), from + 2 < text.count,
                let high = Self.hexDigit(text[from + 1]), let low = Self.hexDigit(text[from + 2])
            {
                memory[to] = high << 4 | low
                from += 3
            } else {
                memory[to] = text[from]
                from += 1
            }
            to += 1
        }
        return UnsafeRawBufferPointer(start: memory, count: to)
    }
}
