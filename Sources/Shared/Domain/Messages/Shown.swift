/// A string from the wire, a file or a database, made safe to show: what a terminal, a log or a page would obey instead
/// of show (`isHidden`) becomes `\u{…}`; more than `lengthMax` characters are cut. Letters that are neither ASCII nor
/// Vietnamese, blanks that are no space and other disguises are told by their code points behind it:
/// `сanbo1 (U+0441)`. The one door for text of others that stands within a sentence of ours.
public func shown(_ text: String) -> String { shown(text, lengthMax: 128) }

/// As `shown`, of another length.
public func shown(_ text: String, lengthMax: Int) -> String {
    var result = ""
    var isPlain = true
    for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == lengthMax {
            result += "…"
            break
        }
        if scalar.isHidden {
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
            if !Lookalikes.isPlain(scalar) { isPlain = false }
            result.unicodeScalars.append(scalar)
        }
    }
    return isPlain ? result : result + Lookalikes.beside(text)
}

extension Unicode.Scalar {
    /// Controls (C0, C1), what changes the reading direction, what takes no room, line and paragraph separators, and
    /// what no standard gives a shape.
    public var isHidden: Bool {
        if (0x20..<0x7F).contains(value) { return false }
        if (0xC0..<0x300).contains(value) || (0x1EA0..<0x1F00).contains(value) { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
            .unassigned:
            return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }
}
