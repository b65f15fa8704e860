import Domain
import Platform
import Wire

/// `status.sock` in the state folder, which `chot-agent status` asks. It shows names of accounts, so it is no network
/// address: the folder is its owner's, and the socket has mode 0660.
enum StatusSocket {
    static func path(_ config: AgentConfig) -> String {
        "\(config.commonState ?? config.state)/status.sock"
    }

    /// The answer of an agent of several systems.
    struct Several: Codable {
        let systems: [AgentReport]
    }

    static func start(
        _ config: AgentConfig, of posts: [SystemPost], damaged: [SystemCode: Localized]
    ) throws(FileError) -> HTTPServer {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 1024
        options.connectionsMax = 16
        let isSeveral = !config.systems.isEmpty
        options.connectionLimits = HTTPConnectionLimits(requestMilliseconds: 20_000)
        return try HTTPServer(listen: .unix(path: path(config)), options: options) { request in
            guard request.method == "GET", request.path == "/status" else {
                return .reply(.text("not found\n", status: 404))
            }
            let reports =
                posts.map { AgentReport($0) }
                + damaged.sorted { $0.key < $1.key }.map { AgentReport(damaged: $0, $1) }
            let body =
                isSeveral ? try? encodeJSON(Several(systems: reports)) : try? encodeJSON(reports[0])
            return .reply(body.map { .json($0) } ?? .empty(500))
        }
    }

    /// Asks the running agent. Throws exit code 69 when it does not run, 77 when this user may not ask it.
    static func fetch(_ config: AgentConfig) throws -> [AgentReport] {
        let path = path(config)
        let body: [UInt8]
        do {
            var options = HTTPClientOptions()
            options.unixSocketPath = path
            let response = try HTTPClient(options).perform(
                HTTPClientRequest("GET", "http://agent/status", timeoutMilliseconds: 10_000))
            guard response.status == 200 else {
                throw CommandFailure(
                    .failed, "\(path) answered \(response.status)",
                    vi: "\(path) trả lời \(response.status)")
            }
            body = response.body
        } catch let error as HTTPClientError {
            if let reason = Files.reasonForbidden(path) {
                throw CommandFailure(
                    .notAllowed,
                    "status: \(path): \(reason); it shows names of accounts, so ask as root or as the agent's own user (the status listener \(config.status) tells the rest)",
                    vi:
                        "status: \(path): \(reason); có tên tài khoản nên chỉ root hoặc chính người dùng của điểm chốt được xem (\(config.status) cho xem phần còn lại)"
                )
            }
            throw CommandFailure(
                .unavailable, "chot-agent is not running (no answer on \(path)): \(error)",
                vi: "điểm chốt không chạy (\(path) không trả lời): \(error.vietnamese)")
        }
        if let several = try? decodeJSON(Several.self, body) { return several.systems }
        return [try decodeJSON(AgentReport.self, body)]
    }

    /// The agent's answer, with what only the asking side can see.
    static func json(_ reports: [AgentReport], isSeveral: Bool) throws -> [UInt8] {
        isSeveral ? try encodeJSON(Several(systems: reports)) : try encodeJSON(reports[0])
    }
}
