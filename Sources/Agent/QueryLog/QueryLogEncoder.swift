import Domain

/// Writes sightings as lines of the query log. It remembers the last second's text, since many queries share it.
struct QueryLogEncoder {
    private var second = Int64.min
    private var upToSecond: [UInt8] = []

    /// Appends one line. The subject appears only as `subject`, a keyed hash, and the officer not at all.
    mutating func append(_ sighting: Sighting, subject: SubjectHash?, to line: inout [UInt8]) {
        appendTime(sighting.at, to: &line)
        line.append(QueryLogSchema.tab)
        line.append(contentsOf: sighting.verdict.rawValue.utf8)
        line.append(QueryLogSchema.tab)
        Self.append(sighting.reason?.wireName ?? "", to: &line)
        line.append(QueryLogSchema.tab)
        // The login `-` means that the query named none, so the field is left empty.
        Self.append(sighting.login == .none ? "" : sighting.login.rawValue, to: &line)
        line.append(QueryLogSchema.tab)
        Self.append(sighting.service.rawValue, to: &line)
        line.append(QueryLogSchema.tab)
        Self.append(sighting.source, to: &line)
        line.append(QueryLogSchema.tab)
        Self.append(sighting.requestID, to: &line)
        line.append(QueryLogSchema.tab)
        Self.append(sighting.messageID, to: &line)
        line.append(QueryLogSchema.tab)
        if let subject { subject.append(to: &line) } else { line.append(QueryLogSchema.none) }
        line.append(QueryLogSchema.newline)
    }

    private mutating func appendTime(_ time: Timestamp, to line: inout [UInt8]) {
        let millisecond = ((time.milliseconds % 1000) + 1000) % 1000
        let start = time.milliseconds - millisecond
        if start != second {
            second = start
            // The text is `2026-11-24T08:00:00`; the milliseconds and the constant offset follow.
            upToSecond = [UInt8](Timestamp(milliseconds: start).rfc3339Seconds.utf8.dropLast(6))
        }
        line.append(contentsOf: upToSecond)
        line.append(UInt8(ascii: "."))
        for factor in [100, 10, 1] as [Int64] {
            line.append(UInt8(ascii: "0") + UInt8(millisecond / factor % 10))
        }
        line.append(contentsOf: "+07:00".utf8)
    }

    /// Appends a field: `-` for an empty text; control characters and backslashes are escaped, long texts cut.
    static func append(_ text: String, to line: inout [UInt8]) {
        guard !text.isEmpty else { return line.append(QueryLogSchema.none) }
        var text = text
        text.withUTF8 { bytes in
            if bytes.count == 1, bytes[0] == QueryLogSchema.none {
                return line.append(contentsOf: "\\x2d".utf8)
            }
            let kept = cut(bytes)
            if bytes[..<kept].allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C }) {
                line.append(contentsOf: bytes[..<kept])
            } else {
                for byte in bytes[..<kept] { appendEscaped(byte, to: &line) }
            }
            if kept < bytes.count { line.append(contentsOf: "\\+".utf8) }
        }
    }

    /// How many bytes of a text are kept; whole characters only.
    private static func cut(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard bytes.count > QueryLogSchema.fieldBytesMax else { return bytes.count }
        var kept = QueryLogSchema.fieldBytesMax
        while kept > 0, bytes[kept] & 0xC0 == 0x80 { kept -= 1 }
        return kept
    }

    private static func appendEscaped(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case 0x5C: line.append(contentsOf: "\\\\".utf8)
        case 0..<0x20, 0x7F:
            let digits = [UInt8]("0123456789abcdef".utf8)
            line.append(contentsOf: "\\x".utf8)
            line.append(digits[Int(byte >> 4)])
            line.append(digits[Int(byte & 15)])
        default: line.append(byte)
        }
    }
}
