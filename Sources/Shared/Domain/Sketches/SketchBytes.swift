/// Reads and writes the bytes of sketches: numbers big-endian, in whole bytes; as text base64url without padding.
struct SketchBytes {
    private(set) var bytes: [UInt8] = []
    private var at = 0

    init() {}
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    mutating func put<T: FixedWidthInteger>(_ value: T) {
        for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    mutating func take<T: FixedWidthInteger>(_ type: T.Type) -> T? {
        let size = T.bitWidth / 8
        guard bytes.count - at >= size else { return nil }
        defer { at += size }
        return bytes[at..<at + size].reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    mutating func take<T: FixedWidthInteger>(_ type: T.Type, count: Int) -> [T]? {
        guard count >= 0, (bytes.count - at) / (T.bitWidth / 8) >= count else { return nil }
        var values: [T] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            guard let value = take(T.self) else { return nil }
            values.append(value)
        }
        return values
    }

    // MARK: base64url

    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    var text: String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var (held, count) = (UInt32(0), UInt32(0))
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(Self.letters[Int(held >> count & 63)])
            }
        }
        if count > 0 { text.append(Self.letters[Int(held << (6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a text; nil for anything but the one text of its bytes.
    init?(text: some Sequence<UInt8>) {
        var (held, count) = (UInt32(0), UInt32(0))
        var length = 0
        for letter in text {
            guard let value = Self.value(letter) else { return nil }
            length += 1
            held = held << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: held >> count))
            }
        }
        guard length % 4 != 1, held & ((1 << count) - 1) == 0 else { return nil }
    }

    private static func value(_ letter: UInt8) -> UInt32? {
        switch letter {
        case 65...90: UInt32(letter) - 65
        case 97...122: UInt32(letter) - 71
        case 48...57: UInt32(letter) + 4
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
