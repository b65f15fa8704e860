/// Whether a JSON text names something twice in one object. Readers differ in which value they then take (the first,
/// the last, both), so nobody may sign or send it. It looks at names alone; the decoder refuses what is no JSON.
///
/// A name with an escape also counts as repeated: `"a"` and `"\u0061"` are the same, and our names need no escape.
enum RepeatedNames {
    /// An object with more names than this compares them by hash, since somebody may send thousands.
    private static let fewNames = 24

    /// Makes one pass with a few instructions for each byte.
    static func stand(in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { stand(in: $0) }
    }

    private static func stand(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        // This holds the names of all open objects, and where those of each begin.
        var names: [Range<Int>] = []
        var objects: [Int] = []
        var at = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                let start = at + 1
                var end = start
                var isEscaped = false
                while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                    if bytes[end] == UInt8(ascii: "\\") {
                        isEscaped = true
                        end &+= 1
                    }
                    end &+= 1
                }
                guard end < bytes.count else { return false }
                at = end + 1
                while at < bytes.count, isBlank(bytes[at]) { at += 1 }
                guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { continue }
                if isEscaped { return true }
                names.append(start..<end)
            case UInt8(ascii: "{"): objects.append(names.count)
            case UInt8(ascii: "}"):
                guard let first = objects.popLast() else { return false }
                if names.count > first {
                    if names.count > first + 1, isRepeated(names[first...], bytes) { return true }
                    names.removeLast(names.count - first)
                }
            default: break
            }
            at &+= 1
        }
        return false
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func isRepeated(
        _ names: ArraySlice<Range<Int>>, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard names.count <= fewNames else {
            return Set(names.map { Array(bytes[$0]) }).count < names.count
        }
        var place = names.startIndex + 1
        while place < names.endIndex {
            let name = names[place]
            for other in names.startIndex..<place
            where isSame(names[other], name, bytes) { return true }
            place += 1
        }
        return false
    }

    private static func isSame(
        _ a: Range<Int>, _ b: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard a.count == b.count else { return false }
        for offset in 0..<a.count
        where bytes[a.lowerBound + offset] != bytes[b.lowerBound + offset] { return false }
        return true
    }
}
