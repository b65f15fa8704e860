import Platform
import Wire

/// What the TLS front asks before it takes a body (front.conf), and how it is told a refusal. nginx knows only 2xx, 401 and
/// 403 of such a question and throws the answer's body away, so the whole problem comes in a header and the front gives
/// it out: the request itself never gets here, and no body is under way to a connection that ends.
enum TokenQuestion {
    /// No agent comes here, since the front passes `/v1/` only.
    package static let path = "/token"
    static let problemHeader = "X-Chot-Problem"
    /// The status that the front is to answer: 401, 403 or 503.
    static let statusHeader = "X-Chot-Status"
    /// Of a problem in the header; nginx reads 4 KiB of an answer's head.
    package static let bytesMax = 1024

    /// `refusal`: the same problem as an agent would get it, whose other headers go along.
    package static func answer(_ problem: HTTPProblem, _ refusal: HTTPReply) -> HTTPReply {
        let status = [401, 403].contains(problem.status) ? problem.status : 503
        var reply = HTTPReply.empty(status == 503 ? 401 : status)
        reply.headers = refusal.headers.filter { $0.name != "Content-Type" }
        reply.headers.append((statusHeader, "\(status)"))
        reply.headers.append((problemHeader, line(problem, status)))
        return reply
    }

    /// The problem as JSON in one line of printable ASCII; where it does not fit, its kind alone.
    package static func line(_ problem: HTTPProblem, _ status: Int) -> String {
        if let json = try? encodeJSON(problem), isPlain(json) {
            return String(decoding: json, as: UTF8.self)
        }
        let bare = HTTPProblem(problem.kind, status: status, title: "Refused", detail: "refused")
        if let json = try? encodeJSON(bare), isPlain(json) {
            return String(decoding: json, as: UTF8.self)
        }
        return "{\"type\":\"about:blank\",\"status\":\(status)}"
    }

    private static func isPlain(_ json: [UInt8]) -> Bool {
        json.count <= bytesMax && json.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
