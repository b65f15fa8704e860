import Glibc
import Platform
import Synchronization

/// Runs what blocks on a thread of its own: the threads that tests share are as few as the cores.
func onOwnThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        _ = RunningThread(name: "test-http") { continuation.resume(with: Result(catching: body)) }
    }
}

/// Requests that a handler put off, for a test to wait for.
final class PendingRequests: Sendable {
    private let pendings = Mutex<[HTTPPending]>([])
    private let arrival = WakeEvent()

    func add(_ pending: HTTPPending) {
        pendings.withLock { $0.append(pending) }
        arrival.signal()
    }

    /// Returns when `count` of them are here, or, with fewer, after a minute without a new one.
    func wait(for count: Int) -> [HTTPPending] {
        while true {
            let here = pendings.withLock { $0 }
            if here.count >= count || !arrival.wait(milliseconds: 60_000) { return here }
        }
    }
}

/// A client that sends bytes as they are and reads later, so that many can wait at once.
final class RawClient: Sendable {
    private let descriptor: Int32

    /// Nil when the socket cannot be reached.
    init?(unix path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if connected != 0 { return nil }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            _ = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// The first line of what comes; empty when the connection closed without a word.
    func statusLine() -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != 13 { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}
