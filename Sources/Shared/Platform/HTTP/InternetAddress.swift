import Glibc

/// Addresses of hosts as text, each in one spelling, so that a limit or a lock by address always finds it.
public enum InternetAddress {
    /// No text of an address with brackets, zone and port is longer.
    private static let bytesMax = 128

    /// The canonical spelling: an IPv4 address as four plain numbers, even when it came inside an IPv6 one
    /// (`::ffff:10.0.0.1`), an IPv6 address in small letters and at its shortest (RFC 5952). A zone (`%eth0`),
    /// brackets and a port are removed. Nil when the text is no address.
    public static func spelling(_ text: String) -> String? {
        var text = text
        let isFour = text.withUTF8 { bytes in
            bytes.count <= 15 && !bytes.isEmpty && bytes.allSatisfy { (46...57).contains($0) }
        }
        // Digits and dots that inet_pton accepts are in the canonical spelling already.
        if isFour { return isFourNumbers(text) ? text : nil }
        guard text.utf8.count <= bytesMax else { return nil }
        return rewritten(text[...])
    }

    private static func rewritten(_ text: Substring) -> String? {
        var host = text
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let port = host[host.index(after: end)...]
            guard port.isEmpty || isPort(port) else { return nil }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":"), isPort(host[colon...]) {
            // The host has only this colon; with more of them it would be an IPv6 address.
            let name = String(host[..<colon])
            return isFourNumbers(name) ? name : nil
        }
        if let zone = host.firstIndex(of: "%") {
            let name = host[host.index(after: zone)...]
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
            host = host[..<zone]
        }
        return six(String(host))
    }

    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.first == ":" && (1...5).contains(digits.count)
            && digits.allSatisfy { (48...57).contains($0) }
    }

    private static func isFourNumbers(_ text: String) -> Bool {
        var address = in_addr()
        return !text.utf8.contains(0) && inet_pton(AF_INET, text, &address) == 1
    }

    private static func six(_ text: String) -> String? {
        var address = in6_addr()
        guard !text.utf8.contains(0), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: address) { [UInt8]($0) }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        var spelling = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &spelling, socklen_t(spelling.count)) != nil else {
            return nil
        }
        return spelling.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }
}
