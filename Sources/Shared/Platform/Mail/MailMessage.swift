import FoundationEssentials

/// A plain text e-mail as bytes (RFC 5322, 2045, 2047). Headers are ASCII with encoded words, and the body is UTF-8
/// in base64, so that no relay on the way can spoil Vietnamese text.
public struct MailMessage: Sendable {
    public var from: String
    public var to: [String]
    public var subject: String
    public var body: String
    /// The id without brackets: `id@domain`. Mail stores may drop a repetition with the same id.
    public var messageID: String
    /// Milliseconds since 1970 UTC.
    public var dateMilliseconds: Int64
    /// Further headers; their names and values are ours, in ASCII.
    public var headers: [(name: String, value: String)]

    public init(
        from: String, to: [String], subject: String, body: String, messageID: String,
        dateMilliseconds: Int64, headers: [(name: String, value: String)] = []
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.body = body
        self.messageID = messageID
        self.dateMilliseconds = dateMilliseconds
        self.headers = headers
    }

    /// The message. Lines end with CR LF and have at most 78 characters, except addresses and further headers.
    public func encoded() -> [UInt8] {
        var lines = [
            "From: <\(from)>",
            "To: " + to.map { "<\($0)>" }.joined(separator: ",\r\n "),
            "Subject: " + Self.encodedWords(subject),
            "Date: " + Self.date(dateMilliseconds),
            "Message-ID: <\(messageID)>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            // This tells answering machines not to answer (RFC 3834).
            "Auto-Submitted: auto-generated",
        ]
        lines += headers.map { "\($0.name): \(Self.ascii($0.value))" }
        let text = body.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")
        let base64 = Array(Data(text.utf8).base64EncodedString().utf8)
        lines.append("")
        for start in stride(from: 0, to: base64.count, by: 76) {
            lines.append(
                String(decoding: base64[start..<min(start + 76, base64.count)], as: UTF8.self))
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// The part that would break out of its line in an envelope or a header: an address, the id, or a header's name.
    /// Nil when there is none. Values of headers are made plain.
    var unsendable: String? {
        if let address = ([from] + to).first(where: { !Self.isAddress($0) }) { return address }
        let names = [messageID] + headers.map(\.name)
        return names.first { name in
            !name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3C && $0 != 0x3E }
        }
    }

    /// Whether an address can stand in an envelope and a header as it is, without quoting or comments.
    public static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, !parts[0].isEmpty, !parts[1].isEmpty else {
            return false
        }
        let local = Set("!#$%&'*+-/=?^_`{|}~.".utf8)
        func isWord(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        return parts[0].utf8.allSatisfy { isWord($0) || local.contains($0) }
            && parts[1].utf8.allSatisfy { isWord($0) || ".-".utf8.contains($0) }
    }

    /// Encodes by RFC 2047: lines of at most 76 characters, and no word that splits a character.
    static func encodedWords(_ text: String) -> String {
        let clean = ascii(text, keepingUnicode: true)
        if clean.utf8.allSatisfy({ $0 < 0x80 }), clean.utf8.count <= 60 { return clean }
        // 39 bytes make 52 characters of base64; with =?UTF-8?B?…?= they are 64, behind the header's name 73.
        var words: [[UInt8]] = [[]]
        for scalar in clean.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }
            .joined(separator: "\r\n ")
    }

    /// Turns control characters into spaces, since they could begin another header.
    private static func ascii(_ text: String, keepingUnicode: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value >= 0x20 && scalar.value != 0x7F
            result.unicodeScalars.append(
                isPlain && (keepingUnicode || scalar.value < 0x80) ? scalar : " ")
        }
        return result
    }

    /// `Tue, 24 Nov 2026 21:26:54 +0700`: Vietnamese time, like all of ours.
    static func date(_ milliseconds: Int64) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let local = milliseconds / 1000 + 7 * 3600
        let day = Int(local / 86_400)
        let second = Int(local % 86_400)
        // The date of the Gregorian calendar is computed from days, with years that begin in March.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
        return "\(days[day % 7]), \(two(dayOfMonth)) \(months[month - 1]) \(year) "
            + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) +0700"
    }
}
