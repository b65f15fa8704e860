import Domain

/// One line of the query log, taken apart. It reads the bytes in place; `text` makes strings of them.
struct QueryLogLine {
    enum Field: Int, CaseIterable {
        case time, verdict, reason, login, service, source, request, message, subject
    }

    private(set) var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// Where each field begins, and where a tenth field would.
    private var starts = [Int](repeating: 0, count: Field.allCases.count + 1)

    /// Takes a line without its newline, which must outlive this value's use; false when it is no line of ours.
    mutating func read(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard line.count <= QueryLogSchema.lineBytesMax,
            line.count > QueryLogSchema.timeWidth,
            line[QueryLogSchema.timeWidth] == QueryLogSchema.tab
        else { return false }
        var field = 1
        for place in line.indices where line[place] == QueryLogSchema.tab {
            guard field < Field.allCases.count else { return false }
            starts[field] = place + 1
            field += 1
        }
        guard field == Field.allCases.count else { return false }
        // A tab inside the time means damage.
        guard starts[Field.verdict.rawValue] == QueryLogSchema.timeWidth + 1 else { return false }
        starts[field] = line.count + 1
        bytes = line
        return isWhole
    }

    /// Whether the fields of fixed form have that form.
    private var isWhole: Bool {
        let time = self[.time]
        let isTime =
            time[10] == UInt8(ascii: "T") && time[23...].elementsEqual("+07:00".utf8)
            && (48...57).contains(time[0])
        let subject = self[.subject]
        let isSubject =
            subject.elementsEqual(CollectionOfOne(QueryLogSchema.none))
            || subject.count == SubjectHash.width
        return isTime && isSubject
            && Verdict(rawValue: String(decoding: self[.verdict], as: UTF8.self)) != nil
    }

    subscript(_ field: Field) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            rebasing: bytes[starts[field.rawValue]..<starts[field.rawValue + 1] - 1])
    }

    func isNone(_ field: Field) -> Bool {
        let bytes = self[field]
        return bytes.count == 1 && bytes[0] == QueryLogSchema.none
    }

    var subject: SubjectHash? { SubjectHash(self[.subject]) }

    /// A field's text without its escapes; empty for `-`, and ending with `…` where it was cut.
    func text(_ field: Field) -> String {
        if isNone(field) { return "" }
        let escaped = self[field]
        guard escaped.contains(0x5C) else { return String(decoding: escaped, as: UTF8.self) }
        var plain: [UInt8] = []
        var rest = escaped[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let next = rest.popFirst() else {
                plain.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                plain.append(UInt8(digits, radix: 16) ?? UInt8(ascii: "?"))
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+"): plain += [UInt8]("…".utf8)
            default: plain.append(next)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
