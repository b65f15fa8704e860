import Platform
import Testing

@testable import Agent

@Suite("AgentConfig: words of nginx") struct AgentConfigWordsTests {
    static let plain = [
        "state": "/var/lib/chot-agent", "upstream": "https://npd.example:8443/npd",
        "ca": "/etc/ca.pem",
        "listen": "127.0.0.1:8471", "authorize": "unix:/run/chot-agent/authorize.sock",
    ]

    func problems(_ words: [String: String]) -> [String] {
        func text(_ key: String) -> JSONValue { .string(words[key] ?? "") }
        let root = ConfigReader(
            .object([
                "state": text("state"),
                "collector": .object(["url": .string("https://chot.example")]),
                "gateway": .object([
                    "upstream": text("upstream"), "upstreamCA": text("ca"),
                    "listen": text("listen"),
                ]),
                "authorize": .object(["listen": text("authorize")]),
            ]), file: "agent.json5")
        AgentConfig.checkWords(root, AgentConfig.read(root))
        do {
            try root.finish()
            return []
        } catch {
            return error.problems.map(\.keyPath)
        }
    }

    @Test("plain paths and addresses pass") func plain() { #expect(problems(Self.plain).isEmpty) }

    @Test(
        "a setting that would say more in nginx's configuration is refused and named",
        arguments: [
            ("state", "/var/lib/a b", "state"),
            ("upstream", "https://npd.example;evil", "gateway.upstream"),
            ("upstream", "https://", "gateway.upstream"),
            ("ca", "/etc/{ca}.pem", "gateway.upstreamCA"),
            ("listen", "unix:/run/$a", "gateway.listen"),
            ("authorize", "unix:/run/a\nb", "authorize.listen"),
        ])
    func refuses(_ key: String, _ value: String, _ path: String) {
        var words = Self.plain
        words[key] = value
        #expect(problems(words) == [path])
    }
}
