import Domain
import Platform

extension AgentConfig {
    /// What goes into the gateway's nginx configuration as it stands must be one word there: a blank or a
    /// semicolon would end it and begin another.
    static func checkWords(_ root: ConfigReader, _ config: AgentConfig) {
        guard let gateway = config.gateway else { return }
        let way = "must hold no blanks, quotes, ; { } $ # \\ where nginx reads it"
        let reader = root.child("gateway")
        if !isWord(config.state) { root.problem("state", way) }
        if !isWord(gateway.upstream) || Upstream(gateway.upstream).name.isEmpty {
            reader.problem("upstream", "must be http://HOST[:PORT] or https://…; it \(way)")
        }
        if !isWord(gateway.upstreamCA) { reader.problem("upstreamCA", way) }
        if !isWord(gateway.listen.description) { reader.problem("listen", way) }
        for listen in config.gatewayListens where !isWord(listen.description) {
            guard listen != gateway.listen else { continue }
            root.problem("systems", "\"\(shown(listen.description))\" \(way)")
        }
        if !isWord(config.authorize.description) { root.child("authorize").problem("listen", way) }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 != 0x7F && !"\"'#$;\\{}".utf8.contains($0)
            }
    }
}
