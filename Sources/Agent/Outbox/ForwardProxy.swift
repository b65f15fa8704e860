/// The HTTP proxy through which an agency lets its servers out: `http://proxy.example:3128`, a user and password
/// before the host where it wants them. Asked to CONNECT, so that it sees nothing of what passes.
enum ForwardProxy {
    static let rule = "an address like http://proxy.example:3128"

    static func isValid(_ url: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else { return false }
        let isPlain = url.utf8.allSatisfy { $0 > 32 && $0 != 127 } && url.utf8.count <= 512
        let rest = url.dropFirst(scheme.count)
        let host = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        return isPlain && Upstream(scheme + host) != nil
    }
}
