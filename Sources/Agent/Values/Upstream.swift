/// One address by which the NPD is reached, taken apart: `https://lgsp.example:8443/npd`. The path is ignored; the
/// client's own is sent on. `init` returns nil for a text that is no such address.
struct Upstream: Sendable, Equatable {
    enum Scheme: String { case http, https }

    let scheme: Scheme
    /// The host as it stands in the URL, for the Host header.
    let host: String
    /// The host with a port, for nginx's upstream.
    let authority: String
    /// The host without a port, for the certificate.
    let name: String

    init?(_ url: String) {
        let scheme: Scheme = url.hasPrefix("https://") ? .https : .http
        guard url.hasPrefix("\(scheme.rawValue)://") else { return nil }
        let host = url.dropFirst(scheme.rawValue.count + 3).prefix {
            $0 != "/" && $0 != "?" && $0 != "#"
        }
        guard let (name, port) = Self.split(host) else { return nil }
        self.scheme = scheme
        self.host = String(host)
        self.name = String(name)
        authority = port == nil ? "\(host):\(scheme == .https ? 443 : 80)" : String(host)
    }

    /// Whether the text may stand in a Host header: a name, an IPv4 address, or an IPv6 address in brackets, with or
    /// without a port.
    static func isHost(_ text: String) -> Bool { split(text[...]) != nil }

    static func nameOf(_ host: String) -> String {
        split(host[...]).map { String($0.name) } ?? host
    }

    private static func split(_ host: Substring) -> (name: Substring, port: UInt16?)? {
        let end: Substring.Index
        if host.hasPrefix("[") {
            guard let bracket = host.firstIndex(of: "]") else { return nil }
            end = host.index(after: bracket)
            let address = host[..<bracket].dropFirst().utf8
            let isAddress = address.allSatisfy {
                (48...58).contains($0) || (65...70).contains($0) || (97...102).contains($0)
                    || $0 == 46
            }
            guard address.count > 1, isAddress else { return nil }
        } else {
            end = host.firstIndex(of: ":") ?? host.endIndex
            let isName = host[..<end].utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == 45 || $0 == 46 || $0 == 95
            }
            guard (1...253).contains(host[..<end].utf8.count), isName else { return nil }
        }
        let rest = host[end...]
        if rest.isEmpty { return (host[..<end], nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        return (host[..<end], port)
    }
}
