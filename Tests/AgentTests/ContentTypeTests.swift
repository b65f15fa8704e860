import Testing

@testable import Agent

@Suite("AuthorizeEndpoint: content types") struct ContentTypeTests {
    @Test(
        "plain UTF-8 XML is read, in the ways in which clients write it",
        arguments: [
            nil, "text/xml", "text/xml; charset=utf-8", "text/xml;charset=\"UTF-8\"",
            "application/xml", "Text/XML ; Charset = 'us-ascii'; action=\"x\"",
        ])
    func reads(_ type: String?) {
        #expect(throws: Never.self) { try ContentType(type, encoding: nil) }
    }

    @Test("a charset of ASCII and an action are told")
    func told() throws {
        let type = try ContentType("text/xml;charset=US-ASCII; action=\"urn:T\"", encoding: " ")
        #expect(type.isASCII && type.action == "urn:T")
    }

    @Test(
        "what is said twice, or where it ends nobody knows, is 400",
        arguments: [
            "text/xml; charset=utf-8; charset=utf-8", "text/xml; action=S; ACTION=T",
            "text/xml; charset=utf-8; Charset=UTF8", "text/xml; a=\"b; charset=utf-8\"",
            "text/xml; charset=\"utf-8", "text/xml; a=\"\\\"\"", "text/xml; action*=utf-8''S",
        ])
    func twice(_ type: String) {
        #expect {
            try ContentType(type, encoding: nil)
        } throws: {
            ($0 as? ContentType.Refusal)?.status == 400
        }
    }

    @Test("SOAP 1.2 is told as such")
    func soap12() {
        #expect {
            try ContentType("application/soap+xml; charset=utf-8", encoding: nil)
        } throws: {
            ($0 as? ContentType.Refusal)?.words == SoapReader.Problem.soap12.words
        }
    }

    @Test(
        "what the NPD might read in another encoding is refused",
        arguments: [
            "text/xml; charset=utf-16", "text/xml; charset=utf-8; charset=utf-7", "text/plain",
            "text/xml; charset*=utf-16''x", "text/xml;\u{B}charset=utf-16", "",
            "text/xml; charset=\u{301}utf-16", "text/xml;\u{A0}charset=utf-16",
        ])
    func refuses(_ type: String) {
        #expect(throws: ContentType.Refusal.self) { try ContentType(type, encoding: nil) }
    }

    @Test("a control character is told as one, and not as something beyond ASCII")
    func control() {
        #expect {
            try ContentType("text/xml;\u{B}charset=utf-8", encoding: nil)
        } throws: {
            let words = ($0 as? ContentType.Refusal)?.words
            return words?.en.contains("control characters") == true
                && words?.vi.contains("ký tự điều khiển") == true
        }
    }

    @Test("a compressed body is refused", arguments: ["gzip", "br", "identity, gzip"])
    func compressed(_ encoding: String) {
        #expect(throws: ContentType.Refusal.self) {
            try ContentType("text/xml", encoding: encoding)
        }
    }
}
