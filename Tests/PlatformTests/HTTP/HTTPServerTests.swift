import Glibc
import Platform
import Testing

@Suite("HTTPServer", .timeLimit(.minutes(2)))
struct HTTPServerTests {
    private let folder: TemporaryFolder
    private let listen: ListenAddress
    private let socketPath: String

    init() throws {
        folder = try TemporaryFolder()
        socketPath = folder.file("s")
        listen = .unix(path: socketPath)
    }

    private func client() -> HTTPClient {
        var options = HTTPClientOptions()
        options.unixSocketPath = socketPath
        return HTTPClient(options)
    }

    private func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let client = client()
        return try await onOwnThread { try client.perform(request) }
    }

    @Test("the handler sees the method, path, query, header and body that were sent")
    func request() async throws {
        let server = try HTTPServer(listen: listen) { request in
            let seen =
                "\(request.method) \(request.path) \(request.query("q") ?? "-") "
                + "\(request.query("none") ?? "-") \(request.header("x-name") ?? "-") "
                + String(decoding: request.body, as: UTF8.self)
            return .reply(
                HTTPReply(
                    status: 201, headers: [("X-Seen", "yes")], body: [UInt8](seen.utf8)))
        }
        let reply = try await send(
            HTTPClientRequest(
                "PUT", "http://localhost/a/b?q=1%202", headers: [("X-Name", "Lan")],
                body: [UInt8]("thân".utf8)))
        #expect(reply.status == 201)
        #expect(reply.header("x-seen") == "yes")
        #expect(String(decoding: reply.body, as: UTF8.self) == "PUT /a/b 1 2 - Lan thân")
        server.stop()
    }

    @Test("a body up to the limit is read", arguments: [0, 100_000])
    func bodyLimit(count: Int) async throws {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 100_000
        let server = try HTTPServer(listen: listen, options: options) { request in
            .reply(.text("\(request.body.count)"))
        }
        let reply = try await send(
            HTTPClientRequest(
                "POST", "http://localhost/", body: [UInt8](repeating: 7, count: count)))
        #expect(reply.status == 200)
        #expect(reply.body == [UInt8]("\(count)".utf8))
        server.stop()
    }

    // The body is never sent: a client that is still sending when the server closes may miss the answer.
    @Test("a body that is announced as one byte too long is answered 413 before it comes")
    func announcedTooLong() async throws {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 100_000
        let server = try HTTPServer(listen: listen, options: options) { _ in .reply(.empty(204)) }
        let raw = try #require(RawClient(unix: socketPath))
        raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n")
        let line = try await onOwnThread { raw.statusLine() }
        #expect(line.hasPrefix("HTTP/1.1 413"))
        server.stop()
    }

    @Test("a body of unknown length is answered 413 past the limit as well")
    func chunkedLimit() async throws {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 4
        let server = try HTTPServer(listen: listen, options: options) { _ in .reply(.empty(204)) }
        let raw = try #require(RawClient(unix: socketPath))
        raw.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.send("5\r\nabcde\r\n0\r\n\r\n")
        let line = try await onOwnThread { raw.statusLine() }
        #expect(line.hasPrefix("HTTP/1.1 413"))
        server.stop()
    }

    // A front that still sends when the connection ends loses the answer.
    @Test("a body that the doorkeeper refuses is thrown away, and the answer comes all the same")
    func refusedBody() async throws {
        let server = try HTTPServer(
            listen: listen, doorkeeper: { $0.path == "/in" ? nil : .empty(401) }
        ) { .reply(.text("\($0.body.count)", status: 200)) }
        let raw = try #require(RawClient(unix: socketPath))
        let part = String(repeating: "x", count: 65_536)
        let line = try await onOwnThread {
            raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
            for _ in 0..<16 { raw.send(part) }
            return raw.statusLine()
        }
        #expect(line.hasPrefix("HTTP/1.1 401"))
        #expect(server.heldBodyBytes == 0)
        let reply = try await send(
            HTTPClientRequest("POST", "http://localhost/in", body: [UInt8](repeating: 7, count: 9)))
        #expect(reply.body == [UInt8]("9".utf8))
        server.stop()
    }

    @Test("many requests wait at once; each gets the first answer another thread gives it")
    func manyPending() async throws {
        let waiting = PendingRequests()
        let server = try HTTPServer(listen: listen) { request in
            waiting.add(request.suspend())
            return .later
        }
        let clients = try (0..<200).map { _ in try #require(RawClient(unix: socketPath)) }
        for client in clients { client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n") }
        let lines = try await onOwnThread {
            for pending in waiting.wait(for: clients.count) {
                pending.complete(.empty(204))
                pending.complete(.empty(500))
            }
            return clients.map { $0.statusLine() }
        }
        #expect(lines.allSatisfy { $0.hasPrefix("HTTP/1.1 204") })
        server.stop()
    }

    @Test("an answer given before the handler has returned is not lost")
    func completedEarly() async throws {
        let server = try HTTPServer(listen: listen) { request in
            let pending = request.suspend()
            let thread = RunningThread(name: "early") { pending.complete(.text("early")) }
            thread.join()
            return .later
        }
        let client = client()
        for _ in 0..<20 {
            let reply = try await onOwnThread {
                try client.perform(HTTPClientRequest("GET", "http://localhost/"))
            }
            #expect(reply.body == [UInt8]("early".utf8))
        }
        server.stop()
    }

    @Test("stopping answers what waits with 503 and takes the socket away")
    func stopWithPending() async throws {
        let waiting = PendingRequests()
        let server = try HTTPServer(listen: listen) { request in
            waiting.add(request.suspend())
            return .later
        }
        let clients = try (0..<50).map { _ in try #require(RawClient(unix: socketPath)) }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
        let lines = try await onOwnThread {
            let pendings = waiting.wait(for: clients.count)
            server.stop()
            for pending in pendings { pending.complete(.empty(204)) }
            return clients.map { $0.statusLine() }
        }
        #expect(lines.allSatisfy { $0.hasPrefix("HTTP/1.1 503") })
        #expect(access(socketPath, F_OK) != 0)
        server.stop()
    }

    @Test("a waiting client that went away does not keep the server from stopping")
    func clientGone() async throws {
        let waiting = PendingRequests()
        let server = try HTTPServer(listen: listen) { request in
            waiting.add(request.suspend())
            return .later
        }
        do {
            let gone = try #require(RawClient(unix: socketPath))
            gone.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await onOwnThread { waiting.wait(for: 1).count } == 1)
        }
        try await onOwnThread { server.stop() }
        #expect(access(socketPath, F_OK) != 0)
    }

    @Test("the kernel tells who is at the other end of a unix socket")
    func unixPeer() async throws {
        let server = try HTTPServer(listen: listen) { request in
            let mine = PeerText.own
            return .reply(.empty(request.peer.map(PeerText.init)?.text == mine ? 204 : 403))
        }
        #expect(try await send(HTTPClientRequest("GET", "http://localhost/")).status == 204)
        server.stop()
    }

    @Test("over TCP it listens on the port it tells, and there is no peer")
    func tcp() async throws {
        let asked = try #require(ListenAddress("127.0.0.1:0"))
        let server = try HTTPServer(listen: asked) { request in
            .reply(.empty(request.peer == nil ? 204 : 403))
        }
        #expect(server.address != asked)
        let url = "http://\(server.address)/"
        let reply = try await onOwnThread {
            try HTTPClient().perform(HTTPClientRequest("GET", url))
        }
        #expect(reply.status == 204)
        #expect(throws: FileError.self) {
            try HTTPServer(listen: server.address) { _ in .reply(.empty(204)) }
        }
        server.stop()
    }

    @Test("a second server on the same socket is refused and leaves the first one working")
    func secondRefused() async throws {
        let server = try HTTPServer(listen: listen) { _ in .reply(.empty(204)) }
        #expect {
            try HTTPServer(listen: listen) { _ in .reply(.empty(500)) }
        } throws: { "\($0)".contains("another process answers there") }
        #expect(try await send(HTTPClientRequest("GET", "http://localhost/")).status == 204)
        server.stop()
    }

    @Test("a socket file left by a crash is replaced, and has the mode asked for")
    func staleSocket() async throws {
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(stale)
        #expect(bound == 0)
        #expect(access(socketPath, F_OK) == 0)
        var options = HTTPServerOptions()
        options.unixMode = 0o600
        let server = try HTTPServer(listen: listen, options: options) { _ in .reply(.empty(204)) }
        var status = stat()
        #expect(stat(socketPath, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try await send(HTTPClientRequest("GET", "http://localhost/")).status == 204)
        server.stop()
    }

    @Test("a folder that is not there is named, and nothing is left behind")
    func noFolder() {
        let path = folder.file("none/s")
        #expect { try HTTPServer(listen: .unix(path: path)) { _ in .reply(.empty(204)) } } throws: {
            ($0 as? FileError)?.path == path && ($0 as? FileError)?.isMissing == true
        }
    }

    private struct PeerText {
        let text: String
        init(_ peer: PeerCredentials) { text = "\(peer.pid) \(peer.uid) \(peer.gid)" }
        static var own: String { "\(getpid()) \(getuid()) \(getgid())" }
    }
}
