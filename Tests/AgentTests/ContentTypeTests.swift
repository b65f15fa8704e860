import Testing

@testable import Agent

@Suite("AuthorizeEndpoint: content types") struct ContentTypeTests {
    @Test(
        "plain UTF-8 XML is read, in the ways in which clients write it",
        arguments: [
            nil, "text/xml", "text/xml; charset=utf-8", "text/xml;charset=\"UTF-8\"",
            "application/xml", "Text/XML ; Charset = 'us-ascii'; action=\"x\"",
        ])
    func reads(_ type: String?) { #expect(AuthorizeEndpoint.unsupported(type, nil) == nil) }

    @Test(
        "what the NPD might read in another encoding is refused",
        arguments: [
            "text/xml; charset=utf-16", "text/xml; charset=utf-8; charset=utf-7", "text/plain",
            "text/xml; charset*=utf-16''x", "text/xml;\u{B}charset=utf-16", "",
            "text/xml; charset=\u{301}utf-16", "text/xml;\u{A0}charset=utf-16",
        ])
    func refuses(_ type: String) { #expect(AuthorizeEndpoint.unsupported(type, nil) != nil) }

    @Test("a compressed body is refused", arguments: ["gzip", "br", "identity, gzip"])
    func compressed(_ encoding: String) {
        #expect(AuthorizeEndpoint.unsupported("text/xml", encoding) != nil)
    }
}
