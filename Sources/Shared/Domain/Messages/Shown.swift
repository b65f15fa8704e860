/// Makes a string from the wire, a file or a database safe to show within a sentence of ours; every such text comes
/// through here. What a terminal, a log or a page would obey instead of showing (`isHidden`) becomes `\u{…}`, and
/// more than `lengthMax` characters are cut. Letters that are neither ASCII nor Vietnamese, blanks other than the
/// space and other disguises are followed by their code points: `сanbo1 (U+0441)`.
public func shown(_ text: String) -> String { shown(text, lengthMax: 128) }

/// Does the same with another length, in characters.
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
    /// Controls (C0, C1), marks that change the reading direction or take no room, line and paragraph separators, and
    /// code points to which no standard gives a shape.
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
