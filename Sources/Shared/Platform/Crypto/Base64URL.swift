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
        guard text.count % 4 != 1 else { return nil }
        var isSound = true
        var standard = Data(capacity: text.count + 2)
        standard.append(contentsOf: text)
        standard.withUnsafeMutableBytes { bytes in
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "-"): bytes[index] = UInt8(ascii: "+")
                case UInt8(ascii: "_"): bytes[index] = UInt8(ascii: "/")
                case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): isSound = false
                default: break
                }
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        guard isSound, let data = Data(base64Encoded: standard) else { return nil }
        let bytes = [UInt8](data)
        // One value must not have two texts: signatures are compared as texts elsewhere.
        let tail = encode(Array(bytes.suffix(bytes.count % 3)))
        guard tail.utf8.elementsEqual(text.suffix(text.count % 4)) else { return nil }
        return bytes
    }
}
