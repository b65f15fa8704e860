/// Makes text of a log's bytes. Valid UTF-8 stays as it is; each invalid byte becomes `\xHH`, as nginx writes it, so
/// that different bytes never look alike.
enum ByteText {
    static func text(_ bytes: some RandomAccessCollection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let all = Array(bytes)
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        var index = 0
        while index < all.count {
            let length = characterLength(all, index)
            if length > 0 {
                result += all[index..<index + length]
                index += length
            } else {
                result += [
                    UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(all[index] >> 4)],
                    digits[Int(all[index] & 15)],
                ]
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The length in bytes of the UTF-8 character here; 0 when there is none.
    private static func characterLength(_ bytes: [UInt8], _ at: Int) -> Int {
        let length: Int
        switch bytes[at] {
        case 0..<0x80: return 1
        case 0xC2..<0xE0: length = 2
        case 0xE0..<0xF0: length = 3
        case 0xF0..<0xF5: length = 4
        default: return 0
        }
        guard at + length <= bytes.count,
            String(validating: bytes[at..<at + length], as: UTF8.self) != nil
        else { return 0 }
        return length
    }
}
