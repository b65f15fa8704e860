import Domain
import FoundationEssentials
@testable import Agent
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues
@testable import Platform

extension FuzzTarget {
    /// Configuration: JSON5, both programs' settings, the nginx configuration made of them.
    static let config = FuzzTarget(
        "config",
        words: [
            "collector:{url:'https://chot.example.gov.vn'}",
            "gateway:{upstream:'https://npd.example'}",
            "authorize:", "listen:", "unix:/run/a.sock", "127.0.0.1:8473", "[::1]:1",
            "mode:'headers'",
            "push:{every:'60s'}", "offline:{mode:'closed',grace:'24h'}",
            "trustedProxies:['10.0.0.0/8']",
            "policy:{rules:{R1:{effect:'lock'}}}", "calendar:{office_from:7,office_to:18}",
            "systems:[{system:'H26.a',match:{listen:'unix:/run/b.sock'}},{system:'H26.b',match:{header:{name:'X-A',value:'b'}}}]",
            "match:{MaTichHop:['1']}", "holidays:['2027-01-01']", "weekdays:['mon']",
            "units:{H26:{}}", "notify:", "webhook:[",
            "email:{server:'smtp://localhost',from:'a@b.c',to:['d@e.f']}", "//", "/*", "*/",
            "\\u00e9",
            "0x1F", "+1", ".5", "5.", "1e999", "Infinity", "NaN", "\\\n", "bodyMax:'256KiB'",
        ]
    ) { bytes in
        guard let value = try read(bytes) else { return }
        let agent = ConfigReader(value, file: "agent.json5")
        let settings = AgentConfig.read(agent)
        if (try? agent.finish()) != nil {
            try promise(
                ListenAddress(settings.authorize.description) == settings.authorize, "listen")
            try promise(ListenAddress(settings.status.description) == settings.status, "status")
            try promise((1000...300_000).contains(settings.pushEveryMilliseconds), "push.every")
            if let gateway = settings.gateway { try promiseNginx(settings, gateway) }
        }
        let collector = ConfigReader(value, file: "collector.json5")
        let central = CollectorConfig.read(collector)
        if (try? collector.finish()) != nil {
            try promise(ListenAddress(central.listen.description) == central.listen, "listen")
            for calendar in [central.calendar] + central.unitCalendars.values {
                try promise(calendar.officeFrom < calendar.officeTo, "an office that never opens")
            }
            _ = central.notify.webhooks.map { ($0.name, $0.shownURL) }
            _ = central.notify.email?.isLoopback
        }
    }

    private static func read(_ bytes: [UInt8]) throws -> JSONValue? {
        let lines = bytes.count { $0 == 10 } + 1
        if let place = SyntaxErrorPlace.find(bytes) {
            try promise((1...lines).contains(place.line), "line \(place.line) of \(lines)")
        }
        guard let value = try? ConfigFile.parse(bytes, path: "a.json5") else { return nil }
        // Infinity has no JSON.
        guard let text = try? JSONEncoder().encode(value) else { return nil }
        let again = try ConfigFile.parse([UInt8](text), path: "again.json5")
        // A fraction too large for one is a whole number when it is written anew; and stays one.
        let third = try ConfigFile.parse([UInt8](JSONEncoder().encode(again)), path: "third.json5")
        try promise(
            again == value || third == again, "it reads otherwise when it is written anew")
        try promise(value.merged(with: value) == value, "merged with itself it is another")
        return value
    }

    /// No setting that nginx may be told says more in its language than it says here: words end and blocks open
    /// and close as often with plain settings in their places.
    private static func promiseNginx(_ config: AgentConfig, _ gateway: AgentConfig.Gateway) throws {
        func shape(_ config: AgentConfig, _ gateway: AgentConfig.Gateway) -> String {
            let text = NginxConfig(config: config, gateway: gateway, systemName: "").http()
            return String(text.filter { "{};'\"\\\n".contains($0) })
        }
        guard NginxConfig(config: config, gateway: gateway, systemName: "").problem() == nil else {
            return
        }
        var (plainConfig, plain) = (config, gateway)
        plainConfig.state = "/a"
        plain.upstreams = gateway.upstreams.enumerated().compactMap { index, upstream in
            Upstream("\(upstream.scheme.rawValue)://a\(index)")
        }
        plain.upstreamHost = "a"
        plain.upstreamCA = "/a"
        if case .unix = config.authorize { plainConfig.authorize = .unix(path: "/a") }
        if case .unix = gateway.listen { plain.listen = .unix(path: "/a") }
        for index in plainConfig.systems.indices {
            guard case .listen(let address) = plainConfig.systems[index].match,
                case .unix = address
            else { continue }
            let own = address == gateway.listen ? "/a" : "/a\(index)"
            plainConfig.systems[index] = .init(
                code: plainConfig.systems[index].code, match: .listen(.unix(path: own)))
        }
        plainConfig.gateway = plain
        try promise(
            shape(config, gateway) == shape(plainConfig, plain),
            "a setting breaks out of its place in nginx's configuration")
    }
}
