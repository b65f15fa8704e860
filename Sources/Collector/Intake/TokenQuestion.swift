import Platform
import Wire

/// The question that the TLS front asks before it takes a body (front.conf), and the form of a refusal. nginx
/// understands only 2xx, 401 and 403 here and discards the answer's body. So the whole problem is sent in a header, and
/// the front answers with it: the request itself never gets here, and no body is on its way when the connection ends.
enum TokenQuestion {
    /// No agent can ask this, since the front passes on `/v1/` only.
    package static let path = "/token"
    static let problemHeader = "X-Chot-Problem"
    /// The status with which the front is to answer: 401, 403 or 503.
    static let statusHeader = "X-Chot-Status"
    /// The most bytes of a problem in the header; nginx reads 4 KiB of an answer's head.
    package static let bytesMax = 1024

    /// `refusal` is the answer that an agent would get for the same problem; its other headers are added.
    package static func answer(_ problem: HTTPProblem, _ refusal: HTTPReply) -> HTTPReply {
        let status = [401, 403].contains(problem.status) ? problem.status : 503
        var reply = HTTPReply.empty(status == 503 ? 401 : status)
        reply.headers = refusal.headers.filter { $0.name != "Content-Type" }
        reply.headers.append((statusHeader, "\(status)"))
        reply.headers.append((problemHeader, line(problem, status)))
        return reply
    }

    /// Returns the problem as JSON in one line of printable ASCII, or only its kind if that is too long.
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
