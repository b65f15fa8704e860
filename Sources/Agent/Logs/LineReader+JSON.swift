import Glibc

extension LineReader {
    /// Reads a line that is one JSON object and notes the values of the wanted keys (RFC 8259, but raw bytes beyond
    /// ASCII are taken as they are, since nginx does not check them). Returns false when the line is no object, or
    /// names a wanted key twice, so that two readers could see two accounts.
    @inline(never)
    func readObject(_ base: UnsafeRawPointer, _ count: Int) -> Bool {
        for slot in names.indices { captures[slot].count = -1 }
        var scan = JSONScan(bytes: UnsafeRawBufferPointer(start: base, count: count))
        guard scan.skip(byte: UInt8(ascii: "{")) else { return false }
        if scan.skip(byte: UInt8(ascii: "}")) { return scan.isAtEnd }
        repeat {
            guard let key = scan.string(), scan.skip(byte: UInt8(ascii: ":")) else { return false }
            let slot = slot(named: UnsafeRawBufferPointer(rebasing: scan.bytes[key]))
            scan.skipSpace()
            guard let value = scan.value() else { return false }
            guard let slot, let value = value.scalar else { continue }
            guard captures[slot].count < 0 else { return false }
            captures[slot] = Capture(start: Int32(value.lowerBound), count: Int32(value.count))
        } while scan.skip(byte: UInt8(ascii: ","))
        return scan.skip(byte: UInt8(ascii: "}")) && scan.isAtEnd
    }

    private func slot(named key: UnsafeRawBufferPointer) -> Int? {
        for (slot, name) in names.enumerated() where key.elementsEqual(name.utf8) { return slot }
        return nil
    }
}

/// Walks over JSON text without keeping anything.
private struct JSONScan {
    /// `scalar` is where the text of a string (without its quotes), a number or a truth value stands; nil for null, a
    /// list or an object.
    struct Value { var scalar: Range<Int>? }

    static let depthMax = 32
    let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return at == bytes.count
        }
    }

    mutating func skipSpace() {
        while at < bytes.count, [32, 9, 13, 10].contains(bytes[at]) { at += 1 }
    }

    mutating func skip(byte: UInt8) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    mutating func string() -> Range<Int>? {
        guard skip(byte: UInt8(ascii: "\"")) else { return nil }
        let start = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return start..<at - 1
            case UInt8(ascii: "\\"): guard skipEscape() else { return nil }
            case 0..<32: return nil
            default: at += 1
            }
        }
        return nil
    }

    private mutating func skipEscape() -> Bool {
        guard at + 1 < bytes.count else { return false }
        if bytes[at + 1] == UInt8(ascii: "u") {
            guard at + 6 <= bytes.count else { return false }
            for index in at + 2..<at + 6 {
                guard isHexadecimal(bytes[index]) else { return false }
            }
            at += 6
            return true
        }
        guard "\"\\/bfnrt".utf8.contains(bytes[at + 1]) else { return false }
        at += 2
        return true
    }

    private func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    /// Passes a value of any kind, starting at its first byte.
    mutating func value() -> Value? {
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "\""): return string().map { Value(scalar: $0) }
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested() ? Value() : nil
        case UInt8(ascii: "n"): return word("null") == nil ? nil : Value()
        case UInt8(ascii: "t"): return word("true").map { Value(scalar: $0) }
        case UInt8(ascii: "f"): return word("false").map { Value(scalar: $0) }
        default: return number().map { Value(scalar: $0) }
        }
    }

    private mutating func word(_ word: StaticString) -> Range<Int>? {
        let start = at
        for index in 0..<word.utf8CodeUnitCount {
            guard at < bytes.count, bytes[at] == word.utf8Start[index] else { return nil }
            at += 1
        }
        return start..<at
    }

    private mutating func number() -> Range<Int>? {
        let start = at
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        let first = at
        guard digits() else { return nil }
        guard bytes[first] != 48 || at == first + 1 else { return nil }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() else { return nil }
        }
        if at < bytes.count, bytes[at] | 32 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                at += 1
            }
            guard digits() else { return nil }
        }
        return start..<at
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
        return at > start
    }

    /// Passes a list or an object with everything in it. It keeps the brackets in a number, one bit each, so that no
    /// line can drive a recursion deep.
    private mutating func skipNested() -> Bool {
        var depth = 0
        var objects: UInt64 = 0
        while true {
            skipSpace()
            guard at < bytes.count else { return false }
            let byte = bytes[at]
            var isValue = true
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard depth < Self.depthMax else { return false }
                let isObject = byte == UInt8(ascii: "{")
                depth += 1
                objects = objects << 1 | (isObject ? 1 : 0)
                at += 1
                if skip(byte: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    depth -= 1
                    objects >>= 1
                } else {
                    if isObject, !key() { return false }
                    isValue = false
                }
            } else {
                guard depth > 0, value() != nil else { return false }
            }
            guard isValue else { continue }
            while depth > 0, !skip(byte: UInt8(ascii: ",")) {
                let isObject = objects & 1 == 1
                guard skip(byte: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    return false
                }
                depth -= 1
                objects >>= 1
            }
            if depth == 0 { return true }
            if objects & 1 == 1, !key() { return false }
        }
    }

    private mutating func key() -> Bool { string() != nil && skip(byte: UInt8(ascii: ":")) }
}
