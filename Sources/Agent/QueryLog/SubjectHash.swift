/// A subject as the query log names it: the first 128 bits of HMAC-SHA-256 under the log's key. Two of 10¹⁰ subjects
/// share one by chance in 1 of 10¹⁸ logs.
struct SubjectHash: Hashable, Sendable, CustomStringConvertible {
    /// The number of characters of its text.
    static let width = 22
    private static let digits = [UInt8](
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads its text; nil for anything that `append` would not write.
    init?(_ text: some Collection<UInt8>) {
        guard text.count == Self.width else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (place, byte) in text.enumerated() {
            let value = UInt64(Self.values[Int(byte)])
            guard value < 64 else { return nil }
            // There are 21 digits of 6 bits, and one whose last 4 bits are zero.
            let bits: UInt64 = place == Self.width - 1 ? 2 : 6
            guard bits == 6 || value & 15 == 0 else { return nil }
            high = high << bits | low >> (64 - bits)
            low = low << bits | (bits == 6 ? value : value >> 4)
        }
        self.init(high: high, low: low)
    }

    /// Appends the 16 bytes as base64url without padding (RFC 4648 §5).
    func append(to buffer: inout [UInt8]) {
        // Digit k stands for the bits from 6k on, from the left of the 128: for the pair shifted by 122 - 6k.
        for place in 0..<Self.width - 1 {
            buffer.append(Self.digits[Int(bits(shiftedBy: 122 - 6 * place) & 63)])
        }
        buffer.append(Self.digits[Int((low & 3) << 4)])
    }

    private func bits(shiftedBy count: Int) -> UInt64 {
        if count >= 64 { return high >> UInt64(count - 64) }
        return count == 0 ? low : low >> UInt64(count) | high << UInt64(64 - count)
    }

    var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
