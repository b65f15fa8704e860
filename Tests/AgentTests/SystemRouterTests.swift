import Domain
import Platform
import Testing

@testable import Agent

@Suite("SystemRouter") struct SystemRouterTests {
    static let systems: [AgentConfig.System] = [
        .init(code: .init(unchecked: "H26.motcua"), match: .integration(["037", "038"])),
        .init(
            code: .init(unchecked: "H26.hotich"),
            match: .header(name: "x-road-client", values: ["VN/hotich", "VN/khaisinh"])),
        .init(
            code: .init(unchecked: "H26.dat"),
            match: .listen(.tcp(host: "127.0.0.1", port: 8481))),
        .init(code: .init(unchecked: "H26.thue"), match: .header(name: "apikey", values: ["k1"])),
        .init(code: .init(unchecked: "H26.vay"), match: .integration(["040"])),
        .init(code: .init(unchecked: "H26.ke"), match: .integration(["K41"])),
        .init(
            code: .init(unchecked: "H26.le"),
            match: .header(name: "apikey", values: ["le\u{302}"])),
    ]

    struct Case: Sendable, CustomStringConvertible {
        var integration = ""
        var listen: String? = "127.0.0.1:8471"
        var headers: [String: String] = [:]
        let expected: Int?
        let description: String
    }

    @Test(
        "the first system whose match holds is taken",
        arguments: [
            Case(integration: "037", expected: 0, description: "MaTichHop"),
            Case(integration: "038", expected: 0, description: "another of the same system"),
            Case(integration: "040", expected: 4, description: "MaTichHop of a later one"),
            Case(integration: "\u{212A}41", expected: nil, description: "a Kelvin sign is no K"),
            Case(
                headers: ["apikey": "l\u{EA}"], expected: nil,
                description: "a value spelled with another code point"),
            Case(integration: "K41", expected: 5, description: "the K itself"),
            Case(integration: "37", expected: nil, description: "no part of a code"),
            Case(expected: nil, description: "no MaTichHop, nothing known"),
            Case(headers: ["x-road-client": "VN/khaisinh"], expected: 1, description: "a header"),
            Case(
                headers: ["x-road-client": "vn/khaisinh"], expected: nil,
                description: "a header's value counts letter for letter"),
            Case(headers: ["apikey": "k1"], expected: 3, description: "another header"),
            Case(
                headers: ["apikey": "VN/hotich"], expected: nil,
                description: "the value of another header"),
            Case(listen: "127.0.0.1:8481", expected: 2, description: "the address"),
            Case(listen: nil, expected: nil, description: "an address that is not told"),
            Case(
                integration: "037", listen: "127.0.0.1:8481",
                headers: ["x-road-client": "VN/hotich", "apikey": "k1"], expected: 0,
                description: "all at once"),
            Case(
                integration: "040", listen: "127.0.0.1:8481", headers: ["apikey": "k1"],
                expected: 2, description: "the earlier of three"),
            Case(
                integration: "999", headers: ["apikey": "k1"], expected: 3,
                description: "an unknown code beside a known header"),
        ])
    func table(_ test: Case) throws {
        let router = try #require(SystemRouter(Self.systems))
        let index = router.index(
            integration: test.integration, listen: test.listen, header: { test.headers[$0] })
        #expect(index == test.expected)
    }

    @Test("what matches nothing goes to the one without a match, wherever it is listed")
    func standard() throws {
        let standard = AgentConfig.System(code: .init(unchecked: "H26.khac"), match: nil)
        let router = try #require(SystemRouter([standard] + Self.systems))
        #expect(router.index(integration: "1", listen: nil, header: { _ in nil }) == 0)
        #expect(router.index(integration: "038", listen: nil, header: { _ in nil }) == 1)
        #expect(router.headerNames == ["x-road-client", "apikey"])
    }

    @Test("without systems there is nothing to tell apart")
    func none() { #expect(SystemRouter([]) == nil) }

    @Test("a refusal names what was not recognised, and no header's value")
    func words() throws {
        let router = try #require(SystemRouter(Self.systems))
        let text = router.unrecognised(integration: "9\u{202E}9", listen: "127.0.0.1:8471")
        #expect(
            text.en
                == "MaTichHop 9\\u{202e}9; header x-road-client; header apikey; listen address 127.0.0.1:8471"
        )
        #expect(text.vi.contains("tiêu đề apikey"))
        #expect(
            router.unrecognised(integration: "", listen: nil).vi.hasPrefix("không có MaTichHop"))
    }
}
