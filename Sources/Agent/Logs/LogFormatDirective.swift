/// Reads a `log_format` as somebody copied it: its bare strings put together, with or without `escape=…` before them,
/// or the whole directive of nginx.conf with its name, quotes and semicolon.
enum LogFormatDirective {
    static func take(_ text: String) throws(LogFormatError) -> (String, LogFormat.Escape) {
        guard text.hasPrefix("log_format ") || text.hasPrefix("log_format\t") else {
            return try escape(before: text)
        }
        var words = try words(of: [UInt8](text.utf8))
        guard words.count >= 3 else {
            throw .init("is a log_format directive without a name and a string")
        }
        words.removeFirst(2)
        var escape = LogFormat.Escape.standard
        if let first = words.first, first.hasPrefix("escape=") {
            escape = try named(first)
            words.removeFirst()
        }
        return (words.joined(), escape)
    }

    private static func escape(before text: String) throws(LogFormatError)
        -> (String, LogFormat.Escape)
    {
        guard text.hasPrefix("escape=") else { return (text, .standard) }
        let word = text.prefix { $0 != " " }
        return (String(text.dropFirst(word.count + 1)), try named(String(word)))
    }

    private static func named(_ word: String) throws(LogFormatError) -> LogFormat.Escape {
        guard let escape = LogFormat.Escape(rawValue: String(word.dropFirst("escape=".count)))
        else { throw .init("has \(word.prefix(40)); must be escape=default, json or none") }
        return escape
    }

    /// The words of one directive as nginx reads them: bare or quoted; `\` before a quote keeps the quote.
    private static func words(of text: [UInt8]) throws(LogFormatError) -> [String] {
        var words: [String] = []
        var index = 0
        while true {
            while index < text.count, isSpace(text[index]) { index += 1 }
            guard index < text.count, text[index] != UInt8(ascii: ";") else { break }
            let quote = [UInt8(ascii: "'"), UInt8(ascii: "\"")].first { $0 == text[index] }
            if quote != nil { index += 1 }
            var word: [UInt8] = []
            while index < text.count {
                let byte = text[index]
                if let quote {
                    if byte == quote { break }
                } else if isSpace(byte) || byte == UInt8(ascii: ";") {
                    break
                }
                index += 1
                guard byte == UInt8(ascii: "\\"), index < text.count else {
                    word.append(byte)
                    continue
                }
                word += kept(after: text[index])
                index += 1
            }
            if quote != nil {
                guard index < text.count else { throw .init("has a string without its end") }
                index += 1
            }
            words.append(String(decoding: word, as: UTF8.self))
        }
        return words
    }

    /// What nginx makes of a backslash and this byte in its configuration.
    private static func kept(after byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): [byte]
        case UInt8(ascii: "t"): [9]
        case UInt8(ascii: "r"): [13]
        case UInt8(ascii: "n"): [10]
        default: [UInt8(ascii: "\\"), byte]
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
