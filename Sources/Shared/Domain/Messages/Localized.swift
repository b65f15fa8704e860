/// A text in both languages. Refusals and locks always carry both.
public struct Localized: Hashable, Codable, Sendable {
    public let vi: String
    public let en: String

    public init(vi: String, en: String) {
        self.vi = vi
        self.en = en
    }

    public subscript(_ language: Language) -> String { language == .vi ? vi : en }
}

public enum Language: String, CaseIterable, Sendable {
    case vi, en
}

extension Localized {
    /// Fills `{name}` placeholders. A placeholder without a value stays visible rather than vanish.
    public func filled(_ values: [String: Localized]) -> Localized {
        Localized(vi: fill(vi) { values[$0]?.vi }, en: fill(en) { values[$0]?.en })
    }

    /// The same text in both languages: names, numbers.
    public static func same(_ text: some CustomStringConvertible) -> Localized {
        Localized(vi: text.description, en: text.description)
    }
}

private func fill(_ template: String, _ value: (String) -> String?) -> String {
    var result = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        result += rest[..<open]
        let name = String(rest[rest.index(after: open)..<close])
        result += value(name) ?? "{\(name)}"
        rest = rest[rest.index(after: close)...]
    }
    return result + rest
}

/// A string from the wire, made safe to show: control characters, those that turn the reading direction, and all
/// others that cannot be seen become `\u{…}`; more than 128 characters are cut. Letters that are neither ASCII nor
/// Vietnamese, blanks that are no space and other disguises are told by their code points behind it: `сanbo1 (U+0441)`.
public func shown(_ text: String) -> String {
    var result = ""
    var isPlain = true
    for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == 128 {
            result += "…"
            break
        }
        if Lookalikes.isPlain(scalar) {
            result.unicodeScalars.append(scalar)
        } else if Lookalikes.isInvisible(scalar) || scalar.value == 0x7F {
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
            isPlain = false
            result.unicodeScalars.append(scalar)
        }
    }
    return isPlain ? result : result + Lookalikes.beside(text)
}
