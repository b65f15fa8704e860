import Testing

@testable import Agent

@Suite("Upstream") struct UpstreamTests {
    struct Case: CustomStringConvertible, Sendable {
        let url: String, host: String, authority: String, name: String
        var description: String { url }
    }

    @Test(
        "an address is taken apart; its path is ignored",
        arguments: [
            Case(
                url: "https://lgsp.example", host: "lgsp.example", authority: "lgsp.example:443",
                name: "lgsp.example"),
            Case(
                url: "http://lgsp.example/npd?a=b", host: "lgsp.example",
                authority: "lgsp.example:80", name: "lgsp.example"),
            Case(
                url: "https://LGSP_1.example:8443/", host: "LGSP_1.example:8443",
                authority: "LGSP_1.example:8443", name: "LGSP_1.example"),
            Case(
                url: "http://10.1.2.3:65535#x", host: "10.1.2.3:65535",
                authority: "10.1.2.3:65535", name: "10.1.2.3"),
            Case(url: "https://[::1]", host: "[::1]", authority: "[::1]:443", name: "[::1]"),
            Case(
                url: "http://[fd00::a]:81/x", host: "[fd00::a]:81", authority: "[fd00::a]:81",
                name: "[fd00::a]"),
        ]) func taken(_ given: Case) throws
    {
        let upstream = try #require(Upstream(given.url))
        #expect(upstream.host == given.host)
        #expect(upstream.authority == given.authority)
        #expect(upstream.name == given.name)
        #expect(upstream.scheme.rawValue == given.url.prefix { $0 != ":" })
    }

    @Test(
        "what nginx could read as something else is no address",
        arguments: [
            "", "lgsp.example", "https://", "https:///npd", "ftp://a", "HTTPS://a", "http://a:",
            "http://a:0", "http://a:65536", "http://a:+80", "http://a:80:80", "http://a b",
            "http://a;include /x", "http://a\nb", "http://$host", "http://me@a", "http://a:b@c",
            "http://[::1", "http://[]", "http://[x]", "http://::1", "http://ngân.example",
            "http://{a}", "http://\"a\"", "http://" + String(repeating: "a", count: 254),
        ]) func refused(_ url: String)
    {
        #expect(Upstream(url) == nil)
    }
}
