/// The place where a JSON5 text stops making sense. Foundation's decoder reads the text but tells no line. This search
/// only names the place and may overlook things, except malformed numbers, which the decoder must never see.
struct SyntaxErrorPlace: Error {
    let line: Int
    let what: String
    /// Whether it is a malformed number, on which Foundation's scanner traps instead of refusing it.
    var isNumber = false

    /// Finds the place; nil when nothing looks wrong.
    static func find(_ bytes: [UInt8]) -> SyntaxErrorPlace? {
        var scanner = Scanner(bytes: bytes)
        do throws(SyntaxErrorPlace) {
            try scanner.value(depth: 0)
            try scanner.space()
            if scanner.next != nil { throw scanner.here("something follows the closing bracket") }
            return nil
        } catch {
            return error
        }
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var at = 0

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    func here(_ what: String, at place: Int? = nil) -> SyntaxErrorPlace {
        let end = min(place ?? at, bytes.count)
        return SyntaxErrorPlace(line: bytes[..<end].count { $0 == 10 } + 1, what: what)
    }

    mutating func value(depth: Int) throws(SyntaxErrorPlace) {
        guard depth < 100 else { throw here("nested too deep") }
        try space()
        switch next {
        case UInt8(ascii: "{"): try list(until: UInt8(ascii: "}"), hasKeys: true, depth)
        case UInt8(ascii: "["): try list(until: UInt8(ascii: "]"), hasKeys: false, depth)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): try string()
        default:
            let start = at
            try word("a value is missing")
            try number(bytes[start..<at].prefix { $0 != UInt8(ascii: "/") }, at: start)
        }
    }

    /// Checks that a word which begins as a number is one.
    private func number(_ word: ArraySlice<UInt8>, at place: Int) throws(SyntaxErrorPlace) {
        let text = String(decoding: word, as: UTF8.self)
        guard let first = text.first, "+-.0123456789".contains(first) else { return }
        let pattern =
            /[+-]?(Infinity|NaN|0[xX][0-9a-fA-F]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)/
        guard text.wholeMatch(of: pattern) == nil else { return }
        var error = here("\"\(text.prefix(32))\" is no number", at: place)
        error.isNumber = true
        throw error
    }

    private mutating func list(until close: UInt8, hasKeys: Bool, _ depth: Int)
        throws(SyntaxErrorPlace)
    {
        let open = at
        let name = String(UnicodeScalar(bytes[at]))
        at += 1
        while true {
            try space()
            if next == close {
                at += 1
                return
            }
            guard next != nil else { throw here("\(name) is not closed", at: open) }
            if hasKeys {
                if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
                    try string()
                } else {
                    try word("a key is missing")
                }
                try space()
                guard next == UInt8(ascii: ":") else {
                    throw here("a colon is missing after a key")
                }
                at += 1
            }
            try value(depth: depth + 1)
            let end = at
            try space()
            if next == UInt8(ascii: ",") {
                at += 1
            } else if next == nil {
                throw here("\(name) is not closed", at: open)
            } else if next != close {
                throw here("a comma is missing", at: end)
            }
        }
    }

    private mutating func string() throws(SyntaxErrorPlace) {
        let (open, quote) = (at, bytes[at])
        at += 1
        while let byte = next, byte != quote {
            if byte == 10 { throw here("a string is not closed", at: open) }
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard next == quote else { throw here("a string is not closed", at: open) }
        at += 1
    }

    private mutating func word(_ missing: String) throws(SyntaxErrorPlace) {
        let start = at
        while let byte = next, byte > 32, !",:{}[]\"'".utf8.contains(byte) { at += 1 }
        if at == start { throw here(missing) }
    }

    mutating func space() throws(SyntaxErrorPlace) {
        while let byte = next {
            if [9, 10, 11, 12, 13, 32].contains(byte) {
                at += 1
            } else if byte == UInt8(ascii: "/"), at + 1 < bytes.count,
                bytes[at + 1] == UInt8(ascii: "/")
            {
                while let byte = next, byte != 10 { at += 1 }
            } else if byte == UInt8(ascii: "/"), at + 1 < bytes.count,
                bytes[at + 1] == UInt8(ascii: "*")
            {
                let open = at
                at += 2
                while at + 1 < bytes.count,
                    !(bytes[at] == UInt8(ascii: "*") && bytes[at + 1] == UInt8(ascii: "/"))
                { at += 1 }
                guard at + 1 < bytes.count else { throw here("a comment is not closed", at: open) }
                at += 2
            } else {
                return
            }
        }
    }
}
