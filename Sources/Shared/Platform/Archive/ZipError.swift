/// What libzip refused, or what in an archive is refused here. What it quotes of the archive contains no line break.
public struct ZipError: BilingualError {
    public let what: String
    public let detail: String
    public let vietnamese: String

    init(_ what: String, _ detail: String = "", vi: String = "tệp nén ZIP không đúng hoặc bị hỏng")
    {
        self.what = ShownText.line(what)
        self.detail = ShownText.line(detail)
        vietnamese = ShownText.line(vi)
    }

    public var description: String { detail.isEmpty ? what : "\(what): \(detail)" }
}
