/// What libzip refused, or what an archive holds that is not taken.
public struct ZipError: Error, CustomStringConvertible, Sendable {
    public let what: String
    public let detail: String

    init(_ what: String, _ detail: String = "") {
        self.what = what
        self.detail = detail
    }

    public var description: String { detail.isEmpty ? what : "\(what): \(detail)" }
}
