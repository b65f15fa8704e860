import CCrypto

/// What OpenSSL refused. Its error queue is drained at once, so that it cannot colour a later error.
public struct CryptoError: Error, CustomStringConvertible, Sendable {
    public let what: String
    public let detail: String

    init(_ what: String) {
        self.what = what
        var details: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            var buffer = [CChar](repeating: 0, count: 256)
            ERR_error_string_n(code, &buffer, buffer.count)
            details.append(
                String(
                    decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
                ))
        }
        detail = details.joined(separator: "; ")
    }

    public var description: String { detail.isEmpty ? what : "\(what): \(detail)" }
}
