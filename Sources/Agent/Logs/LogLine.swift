import Domain
import Platform

/// What a line of a followed log says about one query.
struct LogLine: Hashable, Sendable {
    /// `-` when the line names none; `?` when what it names is no login.
    var login: Login
    /// `?` when the line names none, or what it names is no service.
    var service: ServiceName
    var at: Timestamp
    /// 0 when the format has none.
    var status: Int
    /// Whether the proxy asked another server; nil when the format has no `$upstream_status`.
    var wasForwarded: Bool?
    /// `$request_id`; empty when the format has none.
    var requestID: String
    /// `$remote_addr` in its canonical spelling; empty when the format has none, or when it is no address.
    var source: String

    /// Takes the line that the reader read last.
    init(_ reader: LineReader, _ line: UnsafeRawBufferPointer) {
        login = Self.text(reader.account(of: line)).flatMap { Login($0) } ?? .unknown
        service = Self.text(reader.service(of: line)).flatMap { ServiceName($0) } ?? .unknown
        at = Timestamp(milliseconds: reader.time)
        status = reader.status(of: line)
        wasForwarded = reader.wasForwarded(of: line)
        requestID = Self.short(reader.requestID(of: line))
        source = InternetAddress.spelling(Self.short(reader.source(of: line))) ?? ""
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        bytes.count <= 128 ? String(validating: bytes, as: UTF8.self) : nil
    }

    private static func short(_ bytes: UnsafeRawBufferPointer) -> String {
        let bytes = Blanks.cut(bytes)
        return bytes.elementsEqual("-".utf8) ? "" : text(bytes) ?? ""
    }
}
