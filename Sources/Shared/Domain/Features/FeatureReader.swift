/// Takes a line of features apart, group by group.
struct FeatureReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int
    /// Where the groups end: at the first space.
    private let end: Int

    init(_ line: ArraySlice<UInt8>) {
        bytes = line
        at = line.startIndex
        end = line.firstIndex(of: UInt8(ascii: " ")) ?? line.endIndex
    }

    /// The next group; nil after the last.
    mutating func field() -> ArraySlice<UInt8>? {
        guard at <= end else { return nil }
        let stop = bytes[at..<end].firstIndex(of: UInt8(ascii: ";")) ?? end
        defer { at = stop + 1 }
        return bytes[at..<stop]
    }

    /// Reads decimal numbers divided by commas. With `orEmpty` an empty group means no numbers.
    mutating func group(_ counts: ClosedRange<Int>, orEmpty: Bool = false) -> [UInt64]? {
        guard let field = field() else { return nil }
        if field.isEmpty { return orEmpty ? [] : nil }
        var numbers: [UInt64] = []
        numbers.reserveCapacity(counts.upperBound)
        for part in field.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard numbers.count < counts.upperBound, let number = Self.number(part, radix: 10)
            else { return nil }
            numbers.append(number)
        }
        return counts.contains(numbers.count) ? numbers : nil
    }

    mutating func hexadecimal() -> UInt64? { field().flatMap { Self.number($0, radix: 16) } }

    /// The text behind the first space; nil when there is none or it is too long.
    func rest(bytesMax: Int) -> String? {
        guard end < bytes.endIndex, bytes.endIndex - end - 1 <= bytesMax else { return nil }
        return String(decoding: bytes[(end + 1)...], as: UTF8.self)
    }

    static func number(_ digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            let value: UInt64
            switch digit {
            case 48...57: value = UInt64(digit) - 48
            case 97...102 where radix == 16: value = UInt64(digit) - 87
            default: return nil
            }
            let (product, isOver) = number.multipliedReportingOverflow(by: radix)
            let (sum, isPast) = product.addingReportingOverflow(value)
            guard !isOver, !isPast else { return nil }
            number = sum
        }
        return number
    }
}

extension ServiceUnitCounts {
    /// `code:count,…,*:count of the rest`; other bytes of a code than A–Z a–z 0–9 . _ - are written as %XX.
    var text: String {
        var parts = entries.map { "\(Self.escaped($0.name)):\($0.count)" }
        if others > 0 { parts.append("*:\(others)") }
        return parts.joined(separator: ",")
    }

    init?(text: ArraySlice<UInt8>) {
        self.init()
        for part in text.split(separator: UInt8(ascii: ",")) {
            guard let colon = part.lastIndex(of: UInt8(ascii: ":")),
                let number = FeatureReader.number(part[(colon + 1)...], radix: 10),
                let count = UInt32(exactly: number)
            else { return nil }
            if part[..<colon].elementsEqual([UInt8(ascii: "*")]) {
                others = count
            } else {
                guard let name = Self.plain(part[..<colon]), entries.count < Self.namesMax else {
                    return nil
                }
                entries.append(Entry(name: name, count: count))
            }
        }
        guard Set(entries.map(\.name)).count == entries.count else { return nil }
    }

    private static func escaped(_ name: String) -> String {
        var out: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in name.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func plain(_ text: ArraySlice<UInt8>) -> String? {
        var out: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "%") {
                guard at + 2 < text.endIndex,
                    let byte = UInt8(
                        String(decoding: text[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
                else { return nil }
                out.append(byte)
                at += 3
            } else {
                out.append(text[at])
                at += 1
            }
        }
        // Broken UTF-8 would become longer when it is repaired.
        guard !out.isEmpty, out.count <= nameBytesMax else { return nil }
        return String(validating: out, as: UTF8.self)
    }
}
