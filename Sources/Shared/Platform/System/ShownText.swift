/// Makes whole texts safe before they leave the program. Domain has the same for text within a sentence (`shown`);
/// neither imports the other, and a test keeps them alike.
public enum ShownText {
    /// Whether a terminal, a log or a page would obey the character instead of showing it.
    public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if (0x20..<0x7F).contains(value) { return false }
        if (0xC0..<0x300).contains(value) || (0x1EA0..<0x1F00).contains(value) { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
            .unassigned:
            return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Makes a text of several lines safe; its line ends, tabs and the line ends of spreadsheets stay.
    public static func lines(_ text: String) -> String {
        made(text) { "\\u{" + String($0, radix: 16) + "}" }
    }

    /// Makes a text safe within a line; it keeps no line end.
    public static func line(_ text: String) -> String {
        var result = ""
        for scalar in lines(text).unicodeScalars {
            if isHidden(scalar) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Makes JSON text safe without changing its meaning: hidden characters are written as `\u009b`.
    public static func json(_ text: String) -> String {
        made(text) { value in
            UTF16.codeUnits(value).map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    private static func made(_ text: String, _ escape: (UInt32) -> String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 10 }
        if isPlain { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            let isLayout = scalar == "\n" || scalar == "\t" || scalar == "\r"
            if isHidden(scalar), !isLayout {
                result += escape(scalar.value)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        // A lone return would let a line be overwritten.
        return result.unicodeScalars.contains("\r") ? withoutLoneReturns(result, escape) : result
    }

    private static func withoutLoneReturns(_ text: String, _ escape: (UInt32) -> String) -> String {
        var result = ""
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            if isAfterReturn {
                result += scalar == "\n" ? "\r" : escape(13)
            }
            isAfterReturn = scalar == "\r"
            if !isAfterReturn { result.unicodeScalars.append(scalar) }
        }
        return isAfterReturn ? result + escape(13) : result
    }

    private enum UTF16 {
        static func codeUnits(_ value: UInt32) -> [UInt32] {
            if value < 0x10000 { return [value] }
            let rest = value - 0x10000
            return [0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF)]
        }
    }
}

/// Prints to standard output for people. It replaces Swift's own, which would let a terminal obey what others wrote.
public func print(_ text: String, terminator: String = "\n") {
    Swift.print(ShownText.lines(text), terminator: terminator)
}

/// Prints a JSON text in the same way.
public func printJSON(_ bytes: [UInt8]) {
    Swift.print(ShownText.json(String(decoding: bytes, as: UTF8.self)))
}
