/// Tells where in a line a name stands: `$remote_user`, `$http_x_account`, `$request_path[2]` (the second segment of
/// the request's path; `[-1]` is the last), or a constant, for a log of one account or one service.
struct LogExpression: Hashable, Sendable {
    enum Source: Hashable {
        case variable(String)
        /// A segment counted from 1, or from the end when negative.
        case pathSegment(Int)
        case constant([UInt8])
    }

    let source: Source
    static let segmentMax = 32

    static let account = LogExpression(.variable("remote_user"))
    static let service = LogExpression(.pathSegment(2))

    init(_ source: Source) { self.source = source }

    init(_ text: String) throws(LogFormatError) {
        guard text.hasPrefix("$") else {
            guard (1...128).contains(text.utf8.count) else {
                throw .init("must be a variable like $remote_user, or a name of 1 to 128 bytes")
            }
            source = .constant([UInt8](text.utf8))
            return
        }
        let rest = text.dropFirst()
        guard rest.hasPrefix("request_path") else {
            guard !rest.isEmpty, rest.utf8.allSatisfy(LogFormat.isNameByte) else {
                throw .init("must be a variable like $remote_user or $request_path[2]")
            }
            source = .variable(String(rest))
            return
        }
        let index = rest.dropFirst("request_path".count)
        guard index.hasPrefix("["), index.hasSuffix("]"),
            let number = Int(index.dropFirst().dropLast()), number != 0,
            abs(number) <= Self.segmentMax
        else {
            throw .init(
                "must be $request_path[1] to [\(Self.segmentMax)], or [-1] for the last segment")
        }
        source = .pathSegment(number)
    }

    var usesPath: Bool {
        if case .pathSegment = source { return true }
        return false
    }

    /// The variables that give the path, the best first.
    static let pathVariables = ["request_uri", "request", "uri", "document_uri"]
}
