import Domain
import Platform
import Testing

@testable import Agent

@Suite("Systems of the configuration") struct SystemsConfigTests {
    private func load(_ systems: String, more: String = "") throws -> AgentConfig {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.json5"
        try Files.writeAtomically(
            path,
            """
            { state: "/var/lib/chot-agent", collector: { url: "https://c.example" },
              gateway: { listen: "127.0.0.1:8471", upstream: "http://l.example" },
              systems: \(systems), \(more) }
            """)
        return try AgentConfig.load(path)
    }

    private func problems(_ systems: String, more: String = "") throws -> [String] {
        do {
            _ = try load(systems, more: more)
            return []
        } catch let problems as ConfigProblems {
            return problems.problems.map { "\($0.keyPath) \($0.message)" }
        }
    }

    @Test("each has its own folder; headers are told in lower case, addresses once")
    func good() throws {
        let config = try load(
            """
            [ { system: "H26.motcua", match: { MaTichHop: ["037", "038"] } },
              { system: "H26.hotich", match: { header: { name: "X-Road-Client", value: "a" } } },
              { system: "H26.dat", match: { listen: "127.0.0.1:8481" } },
              { system: "H26.nha", match: { listen: "127.0.0.1:8471" } },
              { system: "H26.khac" } ]
            """)
        #expect(config.systems.map(\.code.rawValue).last == "H26.khac")
        #expect(config.systems[1].match == .header(name: "x-road-client", values: ["a"]))
        #expect(config.matchedHeaders == ["x-road-client"])
        #expect(config.gatewayListens.map(\.description) == ["127.0.0.1:8471", "127.0.0.1:8481"])
        #expect(
            config.forPost(of: config.systems[2].code).state
                == "/var/lib/chot-agent/systems/H26.dat")
    }

    @Test(
        "what could never match, or match two, is refused with its place",
        arguments: [
            (#"[{ system: "h26" }]"#, "systems[0].system must be a system code"),
            (#"[{ system: "H26.a" }, { system: "H26.b" }]"#, "systems[1].match must be given"),
            (
                #"[{ system: "H26.a" }, { system: "H26.a", match: { MaTichHop: "1" } }]"#,
                "systems[1].system stands in an entry before"
            ),
            (#"[{ system: "H26.a", match: {} }]"#, "systems[0].match must hold exactly one"),
            (
                #"[{ system: "H26.a", match: { MaTichHop: "1", listen: "127.0.0.1:1" } }]"#,
                "systems[0].match must hold exactly one"
            ),
            (
                #"[{ system: "H26.a", match: { MaTichHop: [] } }]"#,
                "systems[0].match.MaTichHop must hold 1 to 256"
            ),
            (
                #"[{ system: "H26.a", match: { MaTichHop: [" 1"] } }]"#,
                "systems[0].match.MaTichHop \" 1\" must have 1 to 256 bytes"
            ),
            (
                #"[{ system: "H26.a", match: { MaTichHop: "1" } }, { system: "H26.b", match: { MaTichHop: "1" } }]"#,
                "systems[1].match.MaTichHop \"1\" stands before it already"
            ),
            (
                #"[{ system: "H26.a", match: { header: { name: "X-Chot-Account", value: "v" } } }]"#,
                "systems[0].match.header.name must be a header of the client's own"
            ),
            (
                #"[{ system: "H26.a", match: { header: { name: "content-length", value: "v" } } }]"#,
                "systems[0].match.header.name must be a header of the client's own"
            ),
            (
                #"[{ system: "H26.a", match: { header: { name: "x y", value: "v" } } }]"#,
                "systems[0].match.header.name must be a header of the client's own"
            ),
            (
                #"[{ system: "H26.a", match: { listen: "8471" } }]"#,
                "systems[0].match.listen must be unix:/path or ADDRESS:PORT"
            ),
        ])
    func bad(_ systems: String, _ expected: String) throws {
        let found = try problems(systems)
        // Said as "is …; must …".
        let plain = found.map { text in
            let parts = text.split(separator: " is ", maxSplits: 1)
            guard parts.count == 2, let cut = parts[1].firstRange(of: "; ") else { return text }
            return "\(parts[0]) \(parts[1][cut.upperBound...])"
        }
        #expect(plain.contains { $0.hasPrefix(expected) }, "\(found)")
    }

    @Test("what passes unjudged could not be given to a system")
    func pass() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.json5"
        let gateway = #"{ upstream: "http://l.example", onAgentDown: "pass" }"#
        for (systems, isRefused) in [("[]", false), (#"[{ system: "H26.a" }]"#, true)] {
            try Files.writeAtomically(
                path,
                #"{ collector: { url: "https://c.example" }, gateway: \#(gateway), systems: \#(systems) }"#
            )
            do {
                _ = try AgentConfig.load(path)
                #expect(!isRefused)
            } catch let problems {
                #expect(isRefused && problems.problems.map(\.keyPath) == ["systems"])
            }
        }
    }

    @Test("a header's value is never shown, nor is one looked for where it cannot stand")
    func secrets() throws {
        let twice =
            #"[{ system: "H26.a", match: { header: { name: "ApiKey", value: ["bimat", "bimat"] } } }]"#
        let found = try problems(twice)
        #expect(found.count == 1 && !found[0].contains("bimat"))
        let body = #"[{ system: "H26.a", match: { MaTichHop: "1" } }]"#
        #expect(try problems(body, more: #"authorize: { mode: "headers" }"#).count == 1)
        let many = (0...64).map { #"{ system: "H26.s\#($0)", match: { MaTichHop: "\#($0)" } }"# }
        #expect(
            try problems("[\(many.joined(separator: ","))]").first?.contains("at most 64") == true)
    }
}
