import Glibc

extension ArraySlice<UInt8> {
    /// The parts between a byte, including empty ones, as `split` gives them; found by `memchr`.
    public func parts(between separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = startIndex
        while true {
            let rest = self[start...]
            let place = rest.withUnsafeBytes { bytes -> Int? in
                guard let base = bytes.baseAddress,
                    let hit = memchr(base, Int32(separator), bytes.count)
                else { return nil }
                return UnsafeRawPointer(hit) - base
            }
            guard let place else {
                parts.append(rest)
                return parts
            }
            parts.append(rest.prefix(place))
            start += place + 1
        }
    }
}
