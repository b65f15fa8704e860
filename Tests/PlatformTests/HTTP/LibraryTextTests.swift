import Testing

@testable import Platform

@Suite("Texts of libraries") struct LibraryTextTests {
    @Test(
        "no user or password of an address is left, however it was written",
        arguments: [
            "Unsupported proxy 'http://us%40er:bi#mat-p@ss@127.0.0.1:23400', only http",
            "could not parse http://us%40er:bi#mat-p@ss@host/x",
            "bad URL smtp://nguoidung:bi#mat-p@ss@mail:25",
            "Could not resolve proxy: bi#mat-p@ss@127.0.0.1",
        ])
    func users(_ text: String) {
        let cleaned = LibraryText.cleaned(
            text, hiding: LibraryText.secrets(ofURL: "http://us%40er:bi#mat-p@ss@127.0.0.1:23400"))
        for secret in ["bi#mat", "mat-p", "p@ss", "us%40er", "nguoidung"] {
            #expect(!cleaned.contains(secret), "\(cleaned)")
        }
    }

    @Test("a password is hidden as it is meant, too; what else is said stays, in one line")
    func rest() {
        let secrets = LibraryText.secrets(ofURL: "http://u:p%40ss%23@proxy:1")
        #expect(secrets.contains("p@ss#") && secrets.contains("p%40ss%23"))
        #expect(
            LibraryText.cleaned("login with p@ss# failed", hiding: secrets)
                == "login with *** failed")
        #expect(
            LibraryText.cleaned("550 <truc@example.gov.vn> unknown\r\nx\u{1B}[2J")
                == "550 <truc@example.gov.vn> unknown\\u{d}\\u{a}x\\u{1b}[2J")
        #expect(LibraryText.secrets(ofURL: nil).isEmpty)
        #expect(
            LibraryText.address("https://u:se cr@et w@127.0.0.1:1/v1/keys")
                == "https://***@127.0.0.1:1/v1/keys")
        #expect(LibraryText.address("http://agent/status") == "http://agent/status")
        #expect(LibraryText.cleaned(String(repeating: "x", count: 900)).count == 501)
    }

    @Test("a value with a line break begins no header of its own")
    func headers() {
        #expect(HTTPClient.header("X-A", "b\r\nX-C: d") == "X-A: b  X-C: d")
    }

    @Test("a message with a line break in an address or an id is never sent")
    func mail() {
        var message = MailMessage(
            from: "chot@example.gov.vn", to: ["truc@example.gov.vn"], subject: "a\r\nBcc: x@y.z",
            body: "b", messageID: "1@example.gov.vn", dateMilliseconds: 0)
        #expect(message.unsendable == nil)
        #expect(!String(decoding: message.encoded(), as: UTF8.self).contains("\nBcc:"))
        message.to = ["truc@example.gov.vn>\r\nRCPT TO:<x@y.z"]
        #expect(message.unsendable != nil)
        #expect(throws: MailClientError.self) {
            try MailClient().send(message, MailClientOptions(server: "smtp://127.0.0.1:1"))
        }
        message.to = ["truc@example.gov.vn"]
        message.messageID = "1\n@x"
        #expect(message.unsendable != nil)
    }
}
