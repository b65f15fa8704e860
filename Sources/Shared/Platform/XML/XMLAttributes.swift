import CXML2

/// The attributes of one element, without namespace declarations. Valid only during the visitor's call.
public struct XMLAttributes {
    /// Five pointers for each attribute: name, prefix, namespace, and the beginning and the end of its value.
    let pieces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
    public let count: Int

    public struct Attribute {
        public let name: UnsafeBufferPointer<UInt8>
        public let namespace: UnsafeBufferPointer<UInt8>
        public let value: UnsafeBufferPointer<UInt8>
    }

    public subscript(place: Int) -> Attribute? {
        guard let pieces, (0..<count).contains(place) else { return nil }
        let piece = pieces + 5 * place
        var value = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        if let start = piece[3], let end = piece[4] {
            value = UnsafeBufferPointer(start: start, count: max(0, end - start))
        }
        return Attribute(name: bytes(piece[0]), namespace: bytes(piece[2]), value: value)
    }
}
