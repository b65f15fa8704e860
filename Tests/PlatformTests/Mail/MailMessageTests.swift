import FoundationEssentials
import Testing

@testable import Platform

@Suite("MailMessage") struct MailMessageTests {
    private func message(_ subject: String, _ body: String = "x") -> MailMessage {
        MailMessage(
            from: "chot@trungtam.example", to: ["truc@trungtam.example", "b@c.example"],
            subject: subject, body: body, messageID: "n-1@trungtam.example",
            dateMilliseconds: 1_795_453_200_000)
    }

    private func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.encoded(), as: UTF8.self)
            .replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    @Test(
        "dates are RFC 5322 in Vietnamese time",
        arguments: [
            (Int64(0), "Thu, 01 Jan 1970 07:00:00 +0700"),
            (1_795_453_200_000, "Tue, 24 Nov 2026 00:00:00 +0700"),
            (1_709_139_599_000, "Wed, 28 Feb 2024 23:59:59 +0700"),
            (1_709_139_600_000, "Thu, 29 Feb 2024 00:00:00 +0700"),
            (1_709_226_000_000, "Fri, 01 Mar 2024 00:00:00 +0700"),
        ])
    func dates(_ milliseconds: Int64, _ text: String) {
        #expect(MailMessage.date(milliseconds) == text)
    }

    @Test("a Vietnamese subject comes back from its encoded words, and no line is long")
    func subject() throws {
        let subject =
            "[Chốt] NGHIÊM TRỌNG / CRITICAL · R1 · cảnh báo mới / new alert · 👮 canbo1@H26.x"
        let folded = MailMessage.encodedWords(subject).replacing("\r\n", with: "")
        let bytes = try folded.split(separator: " ").flatMap { word in
            #expect(word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?="))
            return try #require(Data(base64Encoded: String(word.dropFirst(10).dropLast(2))))
        }
        #expect(String(decoding: bytes, as: UTF8.self) == subject)
        #expect(lines(message(subject)).allSatisfy { $0.utf8.count <= 76 })
        #expect(MailMessage.encodedWords("plain") == "plain")
    }

    @Test("a line break in a subject begins no header")
    func injection() {
        let all = lines(message("x\r\nBcc: thief@example"))
        #expect(!all.contains { $0.hasPrefix("Bcc") })
    }

    @Test("the body comes back whole, with the line ends of mail")
    func body() throws {
        let text = String(repeating: "Tài khoản canbo1 đã truy vấn 41 lượt.\n", count: 20)
        let all = lines(message("x", text))
        let start = try #require(all.firstIndex(of: ""))
        let data = try #require(Data(base64Encoded: all[start...].joined()))
        #expect(String(decoding: data, as: UTF8.self) == text.replacing("\n", with: "\r\n"))
        #expect(all.contains("To: <truc@trungtam.example>,"))
    }

    @Test(
        "an address is one that needs no quoting",
        arguments: [
            ("truc.ban@a.gov.vn", true), ("a+b@c", true), ("a", false), ("a@", false),
            ("a@b@c", false), ("a b@c", false), ("a@b>\r\nX: y", false), ("trực@a.vn", false),
        ])
    func addresses(_ text: String, _ isOne: Bool) {
        #expect(MailMessage.isAddress(text) == isOne)
    }
}
