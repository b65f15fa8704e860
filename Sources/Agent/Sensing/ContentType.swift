import Domain

/// What headers say of a query's body. An agent must not read less than the NPD does: only plain UTF-8 XML is taken,
/// and nothing may be said twice.
struct ContentType: Equatable {
    /// The body must hold nothing beyond ASCII: its `charset` says so.
    var isASCII = false
    /// The service, said once more; nil: not said.
    var action: String?

    /// Why a body is not read.
    struct Refusal: Error, Equatable {
        let words: Localized
        /// 415: another format. 400: this one, said so that two readers may take it differently.
        var status = 415
    }

    /// As nearly all clients write it, so that it need not be taken apart for every query.
    private static let usual = [
        "text/xml; charset=utf-8", "text/xml;charset=UTF-8", "text/xml; charset=UTF-8",
        "text/xml;charset=utf-8", "text/xml",
    ]

    init() {}

    /// `type` and `encoding`: the values of Content-Type and Content-Encoding; nil: not there.
    init(_ type: String?, encoding: String?) throws(Refusal) {
        if encoding == nil, let type, Self.usual.contains(type) { return }
        if let encoding, !["", "identity"].contains(Blanks.cut(encoding).lowercased()) {
            throw Self.other("Content-Encoding \(shown(encoding))")
        }
        guard let type else { return }
        // Other bytes may be blanks or nothing to the NPD's reader, and a charset behind them be one.
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
                // "charset*=" is another way to write one (RFC 2231).
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
        // Some readers look for the word alone, wherever it stands; to others what stands in brackets is a comment.
        let words = Self.plain(type).lowercased().split(
            separator: "charset", omittingEmptySubsequences: false)
        guard words.count <= (names.contains("charset") ? 2 : 1),
            !type.utf8.contains(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ")") })
        else { throw Self.twice(type) }
        // A semicolon or a quote inside quotes: where a parameter ends, two readers may not agree.
        let quotes = type.utf8.count { $0 == UInt8(ascii: "\"") }
        let hasSemicolonInside = type.split(separator: ";", omittingEmptySubsequences: false)
            .contains { !$0.utf8.count(where: { $0 == 0x22 }).isMultiple(of: 2) }
        if type.utf8.contains(UInt8(ascii: "\\")) || !quotes.isMultiple(of: 2)
            || hasSemicolonInside
        {
            throw Self.twice(type)
        }
    }

    /// Without blanks and quotes, as generous as any server may be.
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

    /// Of a header that cannot be read, which is not an absent one: the NPD's reader may find something in it.
    static func unreadable(_ header: String) -> Refusal {
        Refusal(
            words: Localized(
                vi: "\(header) có ký tự ngoài ASCII", en: "\(header) holds more than ASCII"))
    }
}
