import FoundationEssentials

/// base64url without padding (RFC 4648 §5), canonical only.
public enum Base64URL {
    public static func encode(_ bytes: [UInt8]) -> String {
        var text = [UInt8](Data(bytes).base64EncodedData())
        while text.last == UInt8(ascii: "=") { text.removeLast() }
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "+"): text[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): text[index] = UInt8(ascii: "_")
            default: break
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for padding, white space, the other alphabet, or trailing bits that are not zero.
    public static func decode(_ text: String) -> [UInt8]? { decode([UInt8](text.utf8)[...]) }

    public static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var standard: [UInt8] = []
        standard.reserveCapacity(text.count + 2)
        for byte in text {
            switch byte {
            case 48...57, 65...90, 97...122: standard.append(byte)
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        guard standard.count % 4 != 1 else { return nil }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        guard let data = Data(base64Encoded: Data(standard)) else { return nil }
        let bytes = [UInt8](data)
        // Two texts must not stand for one value: signatures are compared as texts elsewhere.
        guard text.count % 4 == 0 || encode(bytes).utf8.elementsEqual(text) else { return nil }
        return bytes
    }
}
