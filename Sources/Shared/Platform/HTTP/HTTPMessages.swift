/// The answer of an `HTTPServer`.
public struct HTTPReply: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func empty(_ status: Int) -> HTTPReply { HTTPReply(status: status) }

    /// The answer 503, with the number of seconds to wait.
    public static func unavailable(seconds: Int) -> HTTPReply {
        HTTPReply(status: 503, headers: [("Retry-After", "\(seconds)")])
    }

    public static func json(_ body: [UInt8], status: Int = 200) -> HTTPReply {
        HTTPReply(status: status, headers: [("Content-Type", "application/json")], body: body)
    }

    public static func text(
        _ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8"
    )
        -> HTTPReply
    {
        HTTPReply(status: status, headers: [("Content-Type", type)], body: [UInt8](text.utf8))
    }
}

/// The result of a handler: an answer now, or one that an `HTTPPending` brings later.
public enum HTTPOutcome: Sendable {
    case reply(HTTPReply)
    case prepared(HTTPPreparedReply)
    case later
}

/// The process at the other end of a unix socket, as the kernel tells it.
public struct PeerCredentials: Sendable, Hashable {
    public let pid: Int32
    public let uid: UInt32
    public let gid: UInt32
}
