import Domain
import Platform

@testable import Agent

extension FuzzTarget {
    /// What the authorize endpoint reads from headers: a line each for Content-Type, Content-Encoding,
    /// account and service.
    static let authorize = FuzzTarget(
        "authorize",
        words: [
            "text/xml", "application/xml", "; charset=", "utf-8", "utf-16", "us-ascii", "identity",
            "gzip", "charset*=", "boundary=", "\"", "'", "\t", "canbo1",
        ], bytesMax: 512
    ) { bytes in
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let type = lines[0]
        if (try? ContentType(type, encoding: lines.count > 1 ? lines[1] : nil)) != nil {
            if lines.count > 1 {
                try promise(
                    ["", "identity"].contains(Blanks.cut(lines[1]).lowercased()),
                    "encoding \(lines[1])")
            }
            try promise(isPlainUTF8(type), "Content-Type \(type) is read as UTF-8 XML")
        }
        for line in lines {
            guard let address = InternetAddress.spelling(line) else { continue }
            try promise(InternetAddress.spelling(address) == address, "address \(address)")
        }
        if lines.count > 2, let login = Login(lines[2]) {
            try promise((1...128).contains(login.rawValue.utf8.count), "login")
        }
        if lines.count > 3, let service = ServiceName(lines[3]) {
            try promise(!service.rawValue.contains("@"), "service")
        }
    }

    /// An own reading, by bytes, as generous as any server may be.
    private static func isPlainUTF8(_ type: String) -> Bool {
        let plain = type.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x27 }.map {
            (65...90).contains($0) ? $0 + 32 : $0
        }
        let text = String(decoding: plain, as: UTF8.self)
        let parts = text.split(separator: ";", omittingEmptySubsequences: true)
        guard let first = parts.first, first.hasSuffix("/xml") else { return false }
        return parts.dropFirst().allSatisfy { part in
            guard part.hasPrefix("charset") else { return true }
            return ["utf-8", "utf8", "us-ascii"].contains(
                String(part.drop { $0 != "=" }.dropFirst()))
        }
    }
}
