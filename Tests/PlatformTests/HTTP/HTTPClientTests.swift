import Platform
import Testing

@Suite("HTTPClient", .timeLimit(.minutes(2)))
struct HTTPClientTests {
    private let folder: TemporaryFolder
    private let listen: ListenAddress
    private let options: HTTPClientOptions
    private let url = "http://localhost/x"

    init() throws {
        folder = try TemporaryFolder()
        listen = .unix(path: folder.file("s"))
        var options = HTTPClientOptions()
        options.unixSocketPath = folder.file("s")
        self.options = options
    }

    private func failure(_ client: HTTPClient, _ request: HTTPClientRequest) async throws
        -> HTTPClientError?
    {
        try await onOwnThread {
            do throws(HTTPClientError) {
                _ = try client.perform(request)
                return nil
            } catch { return error }
        }
    }

    @Test("a client is used again after any kind of request")
    func reuse() async throws {
        let server = try HTTPServer(listen: listen) { request in
            .reply(.text("\(request.method) \(request.body.count) \(request.header("x-a") ?? "-")"))
        }
        let client = HTTPClient(options)
        let url = url
        let texts = try await onOwnThread {
            try [
                HTTPClientRequest("POST", url, headers: [("X-A", "1")], body: [1, 2, 3]),
                HTTPClientRequest("GET", url),
                HTTPClientRequest("POST", url, body: []),
                HTTPClientRequest("DELETE", url),
            ].map { String(decoding: try client.perform($0).body, as: UTF8.self) }
        }
        #expect(texts == ["POST 3 1", "GET 0 -", "POST 0 -", "DELETE 0 -"])
        server.stop()
    }

    @Test("a redirect is handed over, not followed")
    func redirect() async throws {
        let server = try HTTPServer(listen: listen) { _ in
            .reply(HTTPReply(status: 302, headers: [("Location", "http://localhost/elsewhere")]))
        }
        let client = HTTPClient(options)
        let url = url
        let reply = try await onOwnThread { try client.perform(HTTPClientRequest("GET", url)) }
        #expect(reply.status == 302)
        #expect(reply.header("LOCATION") == "http://localhost/elsewhere")
        #expect(reply.header("Loc") == nil)
        server.stop()
    }

    @Test("an answer larger than the limit is refused")
    func tooLarge() async throws {
        let server = try HTTPServer(listen: listen) { _ in
            .reply(HTTPReply(status: 200, body: [UInt8](repeating: 0, count: 1001)))
        }
        let error = try await failure(
            HTTPClient(options), HTTPClientRequest("GET", url, bodyBytesMax: 1000))
        guard case .tooLarge(url, 1000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        server.stop()
    }

    @Test("a server that is not there cannot be reached; the message names the address")
    func unreachable() async throws {
        let error = try #require(
            try await failure(HTTPClient(options), HTTPClientRequest("GET", url)))
        guard case .unreachable = error else {
            Issue.record(error)
            return
        }
        #expect(error.description.hasPrefix("\(url) cannot be reached: "))
    }

    @Test("only http and https are spoken")
    func protocols() async throws {
        let error = try await failure(
            HTTPClient(), HTTPClientRequest("GET", "file:///etc/hostname"))
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("an answer that does not come in time is a timeout")
    func timeout() async throws {
        let server = try HTTPServer(listen: listen) { request in
            _ = request.suspend()
            return .later
        }
        let error = try await failure(
            HTTPClient(options), HTTPClientRequest("GET", url, timeoutMilliseconds: 50))
        guard case .timeout = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await onOwnThread { server.stop() }
    }

    @Test("cancelling ends the request that runs, and every later one")
    func cancel() async throws {
        let client = HTTPClient(options)
        let server = try HTTPServer(listen: listen) { request in
            _ = request.suspend()
            client.cancel()
            return .later
        }
        for _ in 0..<2 {
            let error = try await failure(
                client, HTTPClientRequest("GET", url, timeoutMilliseconds: 60_000))
            guard case .cancelled = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        try await onOwnThread { server.stop() }
    }
}
