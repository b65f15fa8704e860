/// The HTTP proxy through which an agency lets its servers out: `http://proxy.example:3128`, with a user and password
/// before the host if it wants them. The agent uses CONNECT, so that the proxy sees nothing of what passes.
enum ForwardProxy {
    static let rule =
        "an address like http://proxy.example:3128; in user and password write other signs than letters, digits and -._~ in percent form, such as %40 for @"
    static let ruleVi =
        "địa chỉ như http://proxy.example:3128; trong tên và mật khẩu, ký tự khác chữ, số và -._~ phải viết dạng phần trăm, như %40 thay cho @"

    static func isValid(_ url: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else { return false }
        let isPlain = url.utf8.allSatisfy { $0 > 32 && $0 != 127 } && url.utf8.count <= 512
        let rest = url.dropFirst(scheme.count)
        guard let at = rest.lastIndex(of: "@") else {
            return isPlain && Upstream(scheme + rest) != nil
        }
        return isPlain && isUserInfo(rest[..<at].utf8)
            && Upstream(scheme + rest[rest.index(after: at)...]) != nil
    }

    /// See RFC 3986, 3.2.1. With a forbidden character libcurl reads another host, or refuses and quotes all of it.
    private static func isUserInfo(_ bytes: Substring.UTF8View) -> Bool {
        let signs = Set("-._~!$&'()*+,;=:".utf8)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            let isWord =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if isWord || signs.contains(byte) { continue }
            guard byte == UInt8(ascii: "%"), let high = rest.popFirst(), let low = rest.popFirst(),
                isHexDigit(high), isHexDigit(low), (high, low) != (48, 48)
            else { return false }
        }
        return true
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }
}
