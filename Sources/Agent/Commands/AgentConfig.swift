import Domain
import Platform

/// The agent's configuration (agent.json5), checked as a whole.
struct AgentConfig: Sendable {
    enum SensingMode: String, CaseIterable { case soap, headers }
    enum DenyStatus: String, CaseIterable { case precise, always403 = "403" }
    enum OnAgentDown: String, CaseIterable { case refuse, pass }
    enum OfflineMode: String, CaseIterable { case hold, closed }

    struct Gateway: Sendable {
        var listen: ListenAddress
        /// Scheme, host and port; a path is ignored.
        var upstream: String
        var onAgentDown: OnAgentDown
        var faultIsAlways500: Bool
        var bodyBytesMax: Int
        var timeoutSeconds: Int64
        var upstreamCA: String
        var accountVariable: String
        var serviceVariable: String
        /// Networks of proxies whose `X-Forwarded-For` is believed.
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
    var status: ListenAddress
    /// Several systems behind this agent; empty: one, whose files lie in `state` itself.
    var systems: [System] = []
    var queryLog = QueryLogSettings()

    /// Whether source addresses are those of clients, so that R9 may judge by them: behind a one-stop
    /// shop all clerks may share one.
    var trustsSources: Bool { gateway.map { !$0.trustedProxies.isEmpty } ?? false }

    static let defaultPath = "/etc/chot/agent.json5"

    static func load(_ path: String) throws(ConfigProblems) -> AgentConfig {
        let root = try ConfigFile.load(path)
        let config = read(root)
        try root.finish()
        return config
    }

    private static func read(_ root: ConfigReader) -> AgentConfig {
        let state = root.string("state") ?? "/var/lib/chot-agent"
        let collector = root.child("collector")
        let url = collector.required("url")
        if !url.isEmpty, !url.hasPrefix("https://") {
            collector.problem("url", "must begin with https://")
        }
        let authorize = root.child("authorize")
        let status = root.child("status")
        let offline = root.child("offline")
        checkLogs(root)
        let mode: SensingMode = authorize.oneOf("mode", default: .soap)
        let gateway = root.has("gateway") ? gateway(root.child("gateway")) : nil
        return AgentConfig(
            state: state, collectorURL: url.hasSuffix("/") ? String(url.dropLast()) : url,
            proxy: collector.string("proxy"),
            authorize: listen(authorize, "unix:/run/chot-agent/authorize.sock"),
            mode: mode,
            denyStatus: authorize.oneOf("denyStatus", default: .precise),
            gateway: gateway,
            pushEveryMilliseconds: root.child("push").milliseconds(
                "every", in: 1000...300_000, default: 60_000),
            offline: offline.oneOf("mode", default: .hold),
            offlineGraceMilliseconds: offline.milliseconds(
                "grace", in: 60_000...2_592_000_000, default: 86_400_000),
            status: listen(status, "127.0.0.1:8473"),
            systems: systems(root, mode, gateway),
            queryLog: QueryLogSettings.read(root.child("queryLog")))
    }

    private static func gateway(_ reader: ConfigReader) -> Gateway {
        let upstream = reader.required("upstream")
        if !upstream.isEmpty, !upstream.hasPrefix("http://"), !upstream.hasPrefix("https://") {
            reader.problem("upstream", "must begin with http:// or https://")
        }
        // 500 may stand as a number, as in the documented example.
        let fault = reader.text("soapFaultStatus")
        if let fault, fault != "verdict", fault != "500" {
            reader.problem("soapFaultStatus", "must be 500 or \"verdict\"")
        }
        return Gateway(
            listen: listen(reader, "127.0.0.1:8471"), upstream: upstream,
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

    /// Checked, not followed yet: the LogFollower comes with the next version (docs/operating.md).
    private static func checkLogs(_ root: ConfigReader) {
        for log in root.children("logs") {
            _ = log.required("path")
            for key in ["format", "account", "service"] { _ = log.string(key) }
        }
    }

    private static func networks(_ reader: ConfigReader, _ key: String) -> [String] {
        (reader.strings(key) ?? []).filter { text in
            let isNetwork = ListenAddress.isNetwork(text)
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
