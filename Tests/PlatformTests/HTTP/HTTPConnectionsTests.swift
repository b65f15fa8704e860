import Glibc
import Platform
import Synchronization
import Testing

@Suite("Connections of a local server") struct HTTPConnectionsTests {
    private let path = "/tmp/chot-connections-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"

    private func server(
        _ limits: HTTPConnectionLimits, pause: Int32 = 0
    ) throws -> HTTPServer {
        var options = HTTPServerOptions()
        options.connectionLimits = limits
        options.threads = 2
        return try HTTPServer(listen: .unix(path: path), options: options) { _ in
            poll(nil, 0, pause)
            return .reply(.empty(204))
        }
    }

    @Test(
        "half a request is cut at its deadline, in its head and in its body, however slowly it comes",
        arguments: [
            "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
        ])
    func deadline(_ half: String) async throws {
        let server = try server(HTTPConnectionLimits(requestMilliseconds: 400))
        let raw = try #require(RawClient(unix: path))
        raw.send(half)
        let (line, took) = try await onOwnThread {
            let start = MonotonicClock.milliseconds()
            // A byte now and then keeps a connection busy, not its request young.
            for _ in 0..<12 {
                poll(nil, 0, 50)
                raw.send("a")
            }
            return (raw.statusLine(), MonotonicClock.milliseconds() - start)
        }
        #expect(!line.contains("204"))
        // Not what an idle connection is closed by, after 75 s; taken on the thread that waits for it alone.
        #expect(took < 60_000)
        let whole = try #require(RawClient(unix: path))
        whole.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await onOwnThread { whole.statusLine() }.contains("204"))
        server.stop()
    }

    @Test("an answer that takes longer than a request may is given")
    func slowAnswer() async throws {
        let server = try server(HTTPConnectionLimits(requestMilliseconds: 200), pause: 900)
        let raw = try #require(RawClient(unix: path))
        raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await onOwnThread { raw.statusLine() }.contains("204"))
        server.stop()
    }

    @Test("one user holds as many as one may, all together as many as others may; kept places stay")
    func limits() async throws {
        var limits = HTTPConnectionLimits(requestMilliseconds: 60_000)
        limits.ownUsers = []
        limits.perUser = 3
        limits.isKept = { _ in false }
        let server = try server(limits)
        let path = path
        // One thread without a pause: tests that wait for one another would let the halves grow too old.
        let (answers, last) = try await onOwnThread {
            let halves = (0..<3).compactMap { _ in RawClient(unix: path) }
            // Answered once, a connection is counted; two threads may take four that come at once in any order.
            let answers = halves.map { half in
                half.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                let line = half.statusLine()
                half.send("POST / HT")
                return line
            }
            let more = RawClient(unix: path)
            more?.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return withExtendedLifetime(halves) { (answers, more?.statusLine()) }
        }
        #expect(answers.count == 3 && answers.allSatisfy { $0.contains("204") })
        #expect(last == "")
        server.stop()
    }

    @Test("others fill their own places alone")
    func kept() async throws {
        var limits = HTTPConnectionLimits(requestMilliseconds: 60_000)
        limits.ownUsers = []
        limits.othersMax = 0
        limits.isKept = { _ in true }
        let kept = try server(limits)
        let first = try #require(RawClient(unix: path))
        first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await onOwnThread { first.statusLine() }.contains("204"))
        kept.stop()
        limits.isKept = { _ in false }
        let closed = try server(limits)
        let other = try #require(RawClient(unix: path))
        other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await onOwnThread { other.statusLine() }.isEmpty)
        closed.stop()
    }

    @Test("a flood of one user asks the user database a few times, not once a connection")
    func flood() async throws {
        let asked = Counter()
        var limits = HTTPConnectionLimits(requestMilliseconds: 60_000)
        limits.ownUsers = []
        limits.isKept = { _ in
            asked.add()
            return false
        }
        let server = try server(limits)
        let start = MonotonicClock.milliseconds()
        for _ in 0..<200 {
            let line = try #require(RawClient(unix: path))
            line.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await onOwnThread { line.statusLine() }
        }
        let seconds = Int((MonotonicClock.milliseconds() - start) / 1000)
        #expect((1...(2 + seconds)).contains(asked.count))
        server.stop()
    }

    private final class Counter: Sendable {
        private let number = Atomic<Int>(0)
        func add() { number.add(1, ordering: .relaxed) }
        var count: Int { number.load(ordering: .relaxed) }
    }
}
