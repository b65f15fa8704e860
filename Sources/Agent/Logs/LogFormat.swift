/// The form of a log's lines: an nginx `log_format`, taken apart.
///
/// Two formats are built in: `combined`, and `json`, one JSON object a line whose keys are named like nginx variables.
struct LogFormat: Hashable, Sendable {
    /// How nginx escaped what would break the format (`escape=` of its `log_format`).
    enum Escape: String, CaseIterable { case standard = "default", json, none }

    /// The form of a variable's text where nginx decides it and no client does. `free` is any text.
    enum Shape: UInt8 { case free, timeLocal, timeISO8601, seconds, number }

    struct Element: Hashable {
        var variable: String
        var shape: Shape
        /// The text between this variable and the next, or the end of the line.
        var after: [UInt8]
    }

    enum Layout: Hashable {
        case text(before: [UInt8], elements: [Element], escape: Escape)
        case jsonObject
    }

    let layout: Layout

    static let combined = """
        $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent \
        "$http_referer" "$http_user_agent"
        """
    /// The format of the line that the gateway writes for a query that it let pass unchecked (chot-gateway.js).
    static let passed = "$msec $request_id"

    /// A longer text is refused.
    static let textBytesMax = 16_384
    static let elementsMax = 128

    /// Reads `combined`, `json`, the strings of a `log_format` put together (after `escape=json ` if it has that), or
    /// the whole directive as it stands in nginx.conf.
    init(_ text: String) throws(LogFormatError) {
        guard text != "json" else {
            layout = .jsonObject
            return
        }
        guard text.utf8.count <= Self.textBytesMax else {
            throw .init("is longer than \(Self.textBytesMax) bytes")
        }
        let (strings, escape) = try LogFormatDirective.take(
            text == "combined" ? Self.combined : text)
        let (before, elements) = try Self.elements(of: [UInt8](strings.utf8))
        guard !elements.isEmpty else {
            throw .init(
                "\"\(strings.prefix(60))\" holds no variable; must be combined, json or an nginx log_format string"
            )
        }
        guard elements.count <= Self.elementsMax else {
            throw .init("has \(elements.count) variables; \(Self.elementsMax) at most")
        }
        for (element, next) in zip(elements, elements.dropFirst())
        where element.after.isEmpty && element.shape == .free {
            throw .init(
                "$\(element.variable) and $\(next.variable) stand without anything between them: they cannot be told apart"
            )
        }
        layout = .text(before: before, elements: elements, escape: escape)
    }

    /// The names of its variables; nil when any key may be there.
    var variables: [String]? {
        guard case .text(_, let elements, _) = layout else { return nil }
        return elements.map(\.variable)
    }

    private static func elements(of text: [UInt8]) throws(LogFormatError)
        -> (before: [UInt8], [Element])
    {
        var before: [UInt8] = []
        var elements: [Element] = []
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "$") else {
                if elements.isEmpty {
                    before.append(text[index])
                } else {
                    elements[elements.count - 1].after.append(text[index])
                }
                index += 1
                continue
            }
            let name = try variable(text, &index)
            elements.append(Element(variable: name, shape: shape(of: name), after: []))
        }
        return (before, elements)
    }

    /// Reads `$name` or `${name}` at `index`.
    private static func variable(_ text: [UInt8], _ index: inout Int) throws(LogFormatError)
        -> String
    {
        index += 1
        let isBraced = index < text.count && text[index] == UInt8(ascii: "{")
        if isBraced { index += 1 }
        let start = index
        while index < text.count, isNameByte(text[index]) { index += 1 }
        let name = String(decoding: text[start..<index], as: UTF8.self)
        guard !name.isEmpty else { throw .init("has a $ without a variable's name") }
        if isBraced {
            guard index < text.count, text[index] == UInt8(ascii: "}") else {
                throw .init("has ${\(name) without its closing }")
            }
            index += 1
        }
        return name
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
            || byte == 95
    }

    private static func shape(of variable: String) -> Shape {
        switch variable {
        case "time_local": .timeLocal
        case "time_iso8601": .timeISO8601
        case "msec", "request_time": .seconds
        case "status", "bytes_sent", "body_bytes_sent", "request_length", "connection",
            "connection_requests", "pid":
            .number
        default: .free
        }
    }
}

/// Why a log cannot be read as it is described. The caller puts the place before the words.
struct LogFormatError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
