import CMicroHTTPD
import Glibc

/// The names of headers that may be there once each; at most 64.
public struct HTTPHeaderNames: Sendable {
    /// The names in small letters.
    public let names: [String]
    private let bytes: [[UInt8]]
    /// The first place of a name of each length; most headers are passed over by their length alone.
    private let firstOfLength: [Int]

    public init(_ names: [String]) {
        self.names = names.prefix(64).map { $0.lowercased() }
        let bytes = self.names.map { Array($0.utf8) }
        self.bytes = bytes
        let longest = bytes.map(\.count).max() ?? 0
        firstOfLength = (0...longest).map { length in
            bytes.firstIndex { $0.count == length } ?? bytes.count
        }
    }

    /// The place of a name in the list; nil when it is not there. Capitals do not count, and `_` counts as `-`, as it
    /// does to some servers.
    func place(of name: UnsafePointer<CChar>) -> Int? {
        let length = strlen(name)
        guard length < firstOfLength.count else { return nil }
        var place = firstOfLength[length]
        while place < bytes.count {
            if bytes[place].count == length, isSame(name, length, bytes[place]) { return place }
            place += 1
        }
        return nil
    }

    private func isSame(_ name: UnsafePointer<CChar>, _ length: Int, _ wanted: [UInt8]) -> Bool {
        var index = 0
        while index < length, Self.folded(name[index]) == wanted[index] { index += 1 }
        return index == length
    }

    private static func folded(_ letter: CChar) -> UInt8 {
        switch UInt8(bitPattern: letter) {
        case UInt8(ascii: "_"): UInt8(ascii: "-")
        case let byte where (65...90).contains(byte): byte + 32
        case let byte: byte
        }
    }
}

/// Which of the names one request has had.
struct HTTPHeaderCount {
    let names: HTTPHeaderNames
    private var seen: UInt64 = 0
    private(set) var again: Int?

    init(_ names: HTTPHeaderNames) { self.names = names }

    mutating func note(_ name: UnsafePointer<CChar>) {
        guard let place = names.place(of: name) else { return }
        let bit = UInt64(1) << UInt64(place)
        if seen & bit != 0, again == nil { again = place }
        seen |= bit
    }
}

/// An iterator for libmicrohttpd; its context is an `HTTPHeaderCount`.
func countHeader(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?,
    _ value: UnsafePointer<CChar>?
) -> MHD_Result {
    if let name { context?.assumingMemoryBound(to: HTTPHeaderCount.self).pointee.note(name) }
    return .YES
}
