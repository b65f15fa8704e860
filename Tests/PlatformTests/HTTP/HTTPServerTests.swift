import Glibc
import Platform
import Synchronization
import Testing

/// Servers of one test on a socket in a folder of its own; everything here blocks only for local replies.
@Suite("HTTP server and client", .serialized, .timeLimit(.minutes(1)))
struct HTTPServerTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("s.sock")
    }

    private func client(_ path: String? = nil) -> HTTPClient {
        var options = HTTPClientOptions()
        options.unixSocketPath = path ?? self.path
        return HTTPClient(options)
    }

    /// Keeps what handlers put off, and wakes whoever waits for enough of it.
    private final class Waiters: Sendable {
        let all = Mutex<[HTTPPending]>([])
        let event = WakeEvent()

        func add(_ pending: HTTPPending) {
            all.withLock { $0.append(pending) }
            event.signal()
        }

        func wait(for count: Int) -> [HTTPPending] {
            while all.withLock({ $0.count }) < count, event.wait(milliseconds: 10_000) {}
            return all.withLock { $0 }
        }
    }

    @Test("a body comes back whole over a unix socket, and the peer is this process")
    func echo() throws {
        let pid = getpid()
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            #expect(request.peer?.pid == pid)
            #expect(request.header("x-word") == "chốt")
            #expect(request.query("a") == "1 2")
            return .reply(
                HTTPReply(status: 200, headers: [("X-Path", request.path)], body: request.body))
        }
        defer { server.stop() }
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let sender = client()
        for _ in 0..<3 {
            let answer = try sender.perform(.init(
                "POST", "http://local/v1/x?a=1%202", headers: [("X-Word", "chốt")], body: body))
            #expect(answer.status == 200)
            #expect(answer.body == body)
            #expect(answer.header("x-path") == "/v1/x")
        }
    }

    @Test("a TCP address answers too")
    func tcp() throws {
        for port in UInt16(39_311)..<39_331 {
            guard let server = try? HTTPServer(
                listen: .tcp(host: "127.0.0.1", port: port),
                handler: { _ in .reply(.empty(204)) }) else { continue }
            defer { server.stop() }
            let answer = try HTTPClient().perform(.init("GET", "http://127.0.0.1:\(port)/"))
            #expect(answer.status == 204)
            #expect(answer.body.isEmpty)
            return
        }
        Issue.record("no free port")
    }

    @Test("a body above the limit is 413, announced or in chunks")
    func tooLarge() throws {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 1000
        let server = try HTTPServer(listen: .unix(path: path), options: options) { _ in
            .reply(.empty(204))
        }
        defer { server.stop() }
        let announced = try #require(LocalSocket(path: path))
        announced.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
        #expect(announced.receive()?.hasPrefix("HTTP/1.1 413") == true)
        let chunked = try #require(LocalSocket(path: path))
        let bytes = String(repeating: "x", count: 0x400)
        chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunked.send("400\r\n\(bytes)\r\n0\r\n\r\n")
        #expect(chunked.receive()?.hasPrefix("HTTP/1.1 413") == true)
        let fits = [UInt8](repeating: 1, count: 1000)
        #expect(try client().perform(.init("POST", "http://local/", body: fits)).status == 204)
    }

    @Test("a header of 8 KB, as nginx lets through, is read")
    func longHeader() throws {
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            .reply(.text("\(request.header("X-Long")?.utf8.count ?? 0)"))
        }
        defer { server.stop() }
        let answer = try client().perform(.init(
            "GET", "http://local/", headers: [("X-Long", String(repeating: "x", count: 8000))]))
        #expect(answer.body == Array("8000".utf8))
    }

    @Test("an answer completed before the handler returns arrives; a second one is ignored")
    func early() throws {
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            let pending = request.suspend()
            let thread = RunningThread(name: "early") {
                pending.complete(.text("first"))
                pending.complete(.text("second"))
            }
            thread.join()
            return .later
        }
        defer { server.stop() }
        let sender = client()
        for _ in 0..<20 {
            #expect(try sender.perform(.init("GET", "http://local/")).body == Array("first".utf8))
        }
    }

    @Test("500 waiting requests are all answered from another thread")
    func many() throws {
        let waiters = Waiters()
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            waiters.add(request.suspend())
            return .later
        }
        defer { server.stop() }
        let holders = try (0..<500).map { _ in
            let holder = try #require(LocalSocket(path: path))
            holder.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return holder
        }
        let pendings = waiters.wait(for: 500)
        #expect(pendings.count == 500)
        let completer = RunningThread(name: "completer") {
            for pending in pendings { pending.complete(.text("go")) }
        }
        completer.join()
        let answered = holders.count { $0.receive()?.hasPrefix("HTTP/1.1 200") == true }
        #expect(answered == 500)
    }

    @Test("stop answers what waits with 503, frees the path and does not abort")
    func stop() throws {
        let waiters = Waiters()
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            waiters.add(request.suspend())
            return .later
        }
        let holders = try (0..<20).map { _ in
            let holder = try #require(LocalSocket(path: path))
            holder.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return holder
        }
        #expect(waiters.wait(for: 20).count == 20)
        server.stop()
        #expect(holders.count { $0.receive()?.hasPrefix("HTTP/1.1 503") == true } == 20)
        #expect(access(path, F_OK) != 0)
        for pending in waiters.wait(for: 20) { pending.complete(.empty(204)) }
    }

    @Test("a stale socket file does not stop a start; a living server does")
    func stale() throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        let server = try HTTPServer(listen: .unix(path: path)) { _ in .reply(.empty(204)) }
        defer { server.stop() }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        #expect(throws: FileError.self) {
            try HTTPServer(listen: .unix(path: path)) { _ in .reply(.empty(204)) }
        }
        #expect(try client().perform(.init("GET", "http://local/")).status == 204)
    }

    @Test("cancel ends a running request and refuses later ones")
    func cancel() throws {
        let waiters = Waiters()
        let server = try HTTPServer(listen: .unix(path: path)) { request in
            waiters.add(request.suspend())
            return .later
        }
        defer { server.stop() }
        let sender = client()
        let thread = RunningThread(name: "canceller") {
            _ = waiters.wait(for: 1)
            sender.cancel()
        }
        for _ in 0..<2 {
            do {
                _ = try sender.perform(.init("GET", "http://local/"))
                Issue.record("not cancelled")
            } catch HTTPClientError.cancelled {
            } catch { Issue.record(error) }
        }
        thread.join()
    }

    @Test("an answer above the limit, an absent server and plain text for TLS are told apart")
    func errors() throws {
        let server = try HTTPServer(listen: .unix(path: path)) { _ in
            .reply(.text(String(repeating: "x", count: 2000)))
        }
        defer { server.stop() }
        func failure(_ client: HTTPClient, _ request: HTTPClientRequest) -> String {
            do { return "status \(try client.perform(request).status)" } catch {
                switch error {
                case .tooLarge: return "tooLarge"
                case .unreachable: return "unreachable"
                case .tls: return "tls"
                case .timeout: return "timeout"
                case .cancelled: return "cancelled"
                }
            }
        }
        #expect(failure(client(), .init("GET", "http://local/", bodyBytesMax: 1000)) == "tooLarge")
        #expect(failure(client(folder.file("none")), .init("GET", "http://local/")) == "unreachable")
        #expect(failure(client(), .init("GET", "https://local/")) == "tls")
    }
}
