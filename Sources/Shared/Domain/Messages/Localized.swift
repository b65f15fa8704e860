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
    /// Fills `{name}` placeholders. A placeholder without a value stays visible rather than vanishing.
    public func filled(_ values: [String: Localized]) -> Localized {
        Localized(vi: fill(vi) { values[$0]?.vi }, en: fill(en) { values[$0]?.en })
    }

    /// The same text in both languages, as for names and numbers.
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
