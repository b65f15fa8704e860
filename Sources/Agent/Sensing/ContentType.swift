import Domain

/// What headers say about a query's body. An agent must not read less than the NPD does, so it takes only plain UTF-8
/// XML, and nothing may be said twice.
struct ContentType: Equatable {
    /// Whether `charset` restricts the body to ASCII.
    var isASCII = false
    /// The service that the header names once more; nil when it names none.
    var action: String?

    /// Why a body is not read.
    struct Refusal: Error, Equatable {
        let words: Localized
        /// 415 for another format; 400 for this format, described so that two readers may understand it differently.
        var status = 415
    }

    /// The spellings of nearly all clients, which need not be taken apart for every query.
    private static let usual = [
        "text/xml; charset=utf-8", "text/xml;charset=UTF-8", "text/xml; charset=UTF-8",
        "text/xml;charset=utf-8", "text/xml",
    ]

    init() {}

    /// Reads the values of Content-Type and Content-Encoding; nil means that the header is absent.
    init(_ type: String?, encoding: String?) throws(Refusal) {
        if encoding == nil, let type, Self.usual.contains(type) { return }
        if let encoding, !["", "identity"].contains(Blanks.cut(encoding).lowercased()) {
            throw Self.other("Content-Encoding \(shown(encoding))")
        }
        guard let type else { return }
        // To the NPD's reader other bytes may be blanks or nothing, and what follows them a charset.
        guard type.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 9 }) else {
            throw Refusal(
                words: Localized(
                    vi: "Content-Type \(shown(type)) có ký tự điều khiển hoặc ngoài ASCII",
                    en: "Content-Type \(shown(type)) holds control characters or more than ASCII"))
        }
        try read(type)
    }

    private mutating func read(_ type: String) throws(Refusal) {
        let parts = type.split(separator: ";").map { Self.plain(String($0)) }
        switch parts.first?.lowercased() {
        case "text/xml", "application/xml": break
        case "application/soap+xml":
            throw Refusal(words: SoapReader.Problem.soap12.words)
        default:
            throw Refusal(
                words: Localized(
                    vi: "Content-Type \(shown(type)) không phải SOAP 1.1",
                    en: "Content-Type \(shown(type)) is no SOAP 1.1"))
        }
        var names: Set<String> = []
        for part in parts.dropFirst() where !part.isEmpty {
            let name = part.prefix { $0 != "=" }.lowercased()
            let value = String(part.dropFirst(name.utf8.count + 1))
            if name.hasPrefix("charset") {
                let charset = value.lowercased()
                // RFC 2231 also allows "charset*=".
                guard name == "charset", ["utf-8", "utf8", "us-ascii"].contains(charset) else {
                    throw Refusal(
                        words: Localized(
                            vi: "\(shown(part)) không phải UTF-8", en: "\(shown(part)) is not UTF-8"
                        )
                    )
                }
                isASCII = charset == "us-ascii"
            }
            if name == "action" { action = value }
            guard names.insert(name).inserted, !name.hasPrefix("action*") else {
                throw Self.twice(type)
            }
        }
        // Some readers look for the word alone, wherever it stands; others take what is in brackets for a comment.
        let words = Self.plain(type).lowercased().split(
            separator: "charset", omittingEmptySubsequences: false)
        guard words.count <= (names.contains("charset") ? 2 : 1),
            !type.utf8.contains(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ")") })
        else { throw Self.twice(type) }
        // With a semicolon or a quote inside quotes, two readers may not agree where a parameter ends.
        let quotes = type.utf8.count { $0 == UInt8(ascii: "\"") }
        let hasSemicolonInside = type.split(separator: ";", omittingEmptySubsequences: false)
            .contains { !$0.utf8.count(where: { $0 == 0x22 }).isMultiple(of: 2) }
        if type.utf8.contains(UInt8(ascii: "\\")) || !quotes.isMultiple(of: 2)
            || hasSemicolonInside
        {
            throw Self.twice(type)
        }
    }

    /// The text without blanks and quotes, read as generously as any server may.
    private static func plain(_ text: String) -> String {
        String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" })
    }

    private static func other(_ what: String) -> Refusal {
        Refusal(words: Localized(vi: "\(what) không đọc được", en: "\(what) is not read"))
    }

    private static func twice(_ type: String) -> Refusal {
        Refusal(
            words: Localized(
                vi: "Content-Type \(shown(type)) ghi một điều hai lần hoặc có thể hiểu hai cách",
                en: "Content-Type \(shown(type)) says a thing twice or may be read in two ways"),
            status: 400)
    }

    /// For a header that cannot be read. That is not an absent header: the NPD's reader may find something in it.
    static func unreadable(_ header: String) -> Refusal {
        Refusal(
            words: Localized(
                vi: "\(header) có ký tự ngoài ASCII", en: "\(header) holds more than ASCII"))
    }
}
