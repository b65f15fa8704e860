/// The text form of keys of sealed files: BIP 173 without its limit of 90 characters. Upper and lower case never mix.
enum Bech32 {
    private static let letters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    static func encode(_ prefix: String, _ bytes: [UInt8]) -> String {
        var values = regrouped(bytes, from: 8, to: 5, padding: true) ?? []
        let check = checksum(expanded(prefix) + values + [UInt8](repeating: 0, count: 6)) ^ 1
        values += (0..<6).map { UInt8(truncatingIfNeeded: (check >> UInt32(5 * (5 - $0))) & 31) }
        return prefix + "1" + String(decoding: values.map { letters[Int($0)] }, as: UTF8.self)
    }

    /// The bytes of a text with this prefix (lower case); nil for any other text, and when a checksum shows a slip.
    static func decode(_ text: String, prefix: String) -> [UInt8]? {
        guard text.utf8.count <= 200, text == text.lowercased() || text == text.uppercased() else {
            return nil
        }
        let text = text.lowercased()
        guard text.hasPrefix(prefix + "1") else { return nil }
        var values: [UInt8] = []
        for letter in text.utf8.dropFirst(prefix.utf8.count + 1) {
            guard let value = letters.firstIndex(of: letter) else { return nil }
            values.append(UInt8(value))
        }
        guard values.count >= 6, checksum(expanded(prefix) + values) == 1 else { return nil }
        return regrouped(Array(values.dropLast(6)), from: 5, to: 8, padding: false)
    }

    private static func expanded(_ prefix: String) -> [UInt8] {
        prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
    }

    private static func checksum(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [
            0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3,
        ]
        var check: UInt32 = 1
        for value in values {
            let top = check >> 25
            check = (check & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (bit, word) in generator.enumerated() where (top >> UInt32(bit)) & 1 == 1 {
                check ^= word
            }
        }
        return check
    }

    /// Nil when the bits left over are not what padding leaves.
    private static func regrouped(_ values: [UInt8], from: UInt32, to: UInt32, padding: Bool)
        -> [UInt8]?
    {
        var (pool, bits): (UInt32, UInt32) = (0, 0)
        var output: [UInt8] = []
        for value in values {
            pool = (pool << from | UInt32(value)) & 0xfff
            bits += from
            while bits >= to {
                bits -= to
                output.append(UInt8(truncatingIfNeeded: (pool >> bits) & ((1 << to) - 1)))
            }
        }
        let left = pool & ((1 << bits) - 1)
        if padding {
            if bits > 0 {
                output.append(UInt8(truncatingIfNeeded: left << (to - bits) & ((1 << to) - 1)))
            }
            return output
        }
        return bits < from && left == 0 ? output : nil
    }
}
