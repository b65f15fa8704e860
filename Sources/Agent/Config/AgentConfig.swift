import Domain
import Platform

/// The agent's configuration (agent.json5), checked as a whole.
struct AgentConfig: Sendable {
    enum SensingMode: String, CaseIterable { case soap, headers }
    enum DenyStatus: String, CaseIterable { case precise, always403 = "403" }
    enum OnAgentDown: String, CaseIterable { case refuse, pass }
    enum UpstreamOrder: String, CaseIterable { case primary, spread }
    enum OfflineMode: String, CaseIterable { case hold, closed }

    struct Gateway: Sendable {
        var listen: ListenAddress
        /// The addresses by which the NPD is reached: at least one, all of the same scheme.
        var upstreams: [Upstream]
        /// `primary` uses the first address as long as it answers; `spread` uses all of them in turn.
        var upstreamOrder: UpstreamOrder
        /// The Host header, which is also the name that each address's certificate must bear.
        var upstreamHost: String
        var onAgentDown: OnAgentDown
        var faultIsAlways500: Bool
        var bodyBytesMax: Int
        var timeoutSeconds: Int64
        var upstreamCA: String
        var accountVariable: String
        var serviceVariable: String
        /// The networks of proxies whose `X-Forwarded-For` is believed.
        var trustedProxies: [String]
    }

    var state: String
    var collectorURL: String
    var proxy: String?
    var authorize: ListenAddress
    var mode: SensingMode
    var denyStatus: DenyStatus
    var gateway: Gateway?
    var pushEveryMilliseconds: Int64
    var offline: OfflineMode
    var offlineGraceMilliseconds: Int64
    var outbox: OutboxBounds
    var status: ListenAddress
    /// The logs that are followed and counted.
    var logs: [LogSource] = []
    /// The state folder that all systems have in common; nil when it is `state` itself.
    var commonState: String?
    /// The systems behind this agent when there are several; empty for one, whose files lie in `state` itself.
    var systems: [System] = []

    /// `authorize.sourceIsClient`; when it is nil, the answer is whether the gateway knows its proxies.
    var sourceIsClient: Bool?
    var queryLog = QueryLogSettings()

    /// Whether source addresses are those of clients, so that R9 may judge by them. Behind a one-stop shop all clerks
    /// may share one address.
    var trustsSources: Bool {
        sourceIsClient ?? gateway.map { !$0.trustedProxies.isEmpty } ?? false
    }

    static let defaultPath = "/etc/chot/agent.json5"

    static func load(_ path: String) throws(ConfigProblems) -> AgentConfig {
        let root = try ConfigFile.load(path)
        let config = read(root)
        try root.finish()
        return config
    }

    static func read(_ root: ConfigReader) -> AgentConfig {
        let state = root.string("state") ?? "/var/lib/chot-agent"
        let collector = root.child("collector")
        let url = collector.required("url")
        if !url.isEmpty, !url.hasPrefix("https://") {
            collector.problem("url", "must begin with https://")
        }
        if url.contains("@") {
            collector.secretProblem("url", "must hold no user or password, only an address")
        }
        let authorize = root.child("authorize")
        let status = root.child("status")
        let offline = root.child("offline")
        let mode: SensingMode = authorize.oneOf("mode", default: .soap)
        let gateway = root.has("gateway") ? gateway(root.child("gateway")) : nil
        let systems = systems(root, mode, gateway)
        return AgentConfig(
            state: state, collectorURL: url.hasSuffix("/") ? String(url.dropLast()) : url,
            proxy: proxy(collector),
            authorize: listen(authorize, "unix:/run/chot-agent/authorize.sock"),
            mode: mode,
            denyStatus: authorize.oneOf("denyStatus", default: .precise),
            gateway: gateway,
            pushEveryMilliseconds: root.child("push").milliseconds(
                "every", in: 1000...300_000, default: 60_000),
            offline: offline.oneOf("mode", default: .hold),
            offlineGraceMilliseconds: offline.milliseconds(
                "grace", in: 5_000...2_592_000_000, default: 86_400_000),
            outbox: outbox(root.child("outbox")),
            status: listen(status, "127.0.0.1:8473"),
            logs: LogSource.read(root, systems: systems.map(\.code)), systems: systems,
            sourceIsClient: authorize.has("sourceIsClient")
                ? authorize.bool("sourceIsClient", default: false) : nil,
            queryLog: QueryLogSettings.read(root.child("queryLog")))
    }

    private static func gateway(_ reader: ConfigReader) -> Gateway {
        let upstreams = upstreams(reader)
        // The status may also be written as a number, as in the documented example (500).
        let fault = reader.text("soapFaultStatus")
        if let fault, fault != "verdict", fault != "500" {
            reader.problem("soapFaultStatus", "must be 500 or \"verdict\"")
        }
        return Gateway(
            listen: listen(reader, "127.0.0.1:8471"), upstreams: upstreams,
            upstreamOrder: reader.oneOf("upstreamOrder", default: .primary),
            upstreamHost: upstreamHost(reader) ?? upstreams.first?.host ?? "",
            onAgentDown: reader.oneOf("onAgentDown", default: .refuse),
            faultIsAlways500: fault != "verdict",
            bodyBytesMax: reader.bytes("bodyMax", in: 1024...(8 << 20), default: 256 << 10),
            timeoutSeconds: reader.milliseconds("timeout", in: 1000...600_000, default: 60_000)
                / 1000,
            upstreamCA: reader.string("upstreamCA") ?? "/etc/ssl/certs/ca-certificates.crt",
            accountVariable: variable(reader, "account", "$remote_user"),
            serviceVariable: variable(reader, "service", "$chot_last_path_segment"),
            trustedProxies: networks(reader, "trustedProxies"))
    }

    /// Reads one URL, or a list of at most eight.
    private static func upstreams(_ reader: ConfigReader) -> [Upstream] {
        guard let urls = reader.oneOrMore("upstream") else { return [] }
        let upstreams = urls.compactMap { url in
            let upstream = Upstream(url)
            if upstream == nil, url.contains("@") {
                reader.secretProblem("upstream", "must hold no user or password, only an address")
            } else if upstream == nil {
                reader.problem(
                    "upstream",
                    "\"\(shown(url))\" must be an address like https://lgsp.example:8443")
            }
            return upstream
        }
        if urls.isEmpty || urls.count > 8 {
            reader.problem("upstream", "holds \(urls.count) addresses; must hold 1 to 8")
        }
        if Set(upstreams.map(\.scheme)).count > 1 {
            reader.problem("upstream", "must be all https:// or all http://")
        }
        if Set(upstreams.map { $0.authority.lowercased() }).count < upstreams.count {
            reader.problem("upstream", "names an address twice")
        }
        return upstreams
    }

    private static func upstreamHost(_ reader: ConfigReader) -> String? {
        guard let host = reader.string("upstreamHost") else { return nil }
        if Upstream.isHost(host) { return host }
        reader.problem("upstreamHost", "must be a host name like lgsp.example or lgsp.example:8443")
        return nil
    }

    private static func proxy(_ reader: ConfigReader) -> String? {
        guard let url = reader.string("proxy") else { return nil }
        if ForwardProxy.isValid(url) { return url }
        // The URL may hold a password, so it is not shown.
        reader.secretProblem("proxy", "must be \(ForwardProxy.rule)")
        return nil
    }

    private static func outbox(_ reader: ConfigReader) -> OutboxBounds {
        let standard = OutboxBounds()
        return OutboxBounds(
            bytesMax: Int64(
                reader.bytes(
                    "bytesMax", in: (64 << 10)...(1 << 40), default: Int(standard.bytesMax))),
            waitMilliseconds: reader.milliseconds(
                "wait", in: 60_000...31_536_000_000, default: standard.waitMilliseconds),
            keepMilliseconds: reader.milliseconds(
                "keep", in: 60_000...31_536_000_000, default: standard.keepMilliseconds))
    }

    private static func networks(_ reader: ConfigReader, _ key: String) -> [String] {
        (reader.strings(key) ?? []).filter { text in
            // "unix:" stands for whoever may connect to a gateway that listens on a unix socket.
            let isNetwork = text == "unix:" || ListenAddress.isNetwork(text)
            if !isNetwork {
                reader.problem(
                    key, "\"\(shown(text))\" must be an address or network like 10.0.0.0/8")
            }
            return isNetwork
        }
    }

    private static func listen(_ reader: ConfigReader, _ standard: String) -> ListenAddress {
        let text = reader.string("listen") ?? standard
        if let address = ListenAddress(text) { return address }
        reader.problem("listen", "must be unix:/path or ADDRESS:PORT")
        return .tcp(host: "127.0.0.1", port: 0)
    }

    private static func variable(_ reader: ConfigReader, _ key: String, _ standard: String)
        -> String
    {
        let text = reader.string(key) ?? standard
        let name = text.dropFirst().utf8
        let valid =
            text.hasPrefix("$") && !name.isEmpty
            && name.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        if !valid { reader.problem(key, "must be an nginx variable like $remote_user") }
        return text
    }
}
