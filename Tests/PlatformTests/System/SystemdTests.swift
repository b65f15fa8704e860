import Glibc
import Platform
import Testing

/// One test, since the environment belongs to the whole process.
@Suite("Systemd", .serialized)
struct SystemdTests {
    @Test("a notification reaches a path socket and an abstract one; the watchdog's span is read")
    func environment() throws {
        let folder = try TemporaryFolder()
        unsetenv("NOTIFY_SOCKET")
        Systemd.notify("READY=1")
        #expect(try received(at: folder.file("n")) == "READY=1\nSTATUS=x")
        #expect(try received(at: "@" + folder.file("n")) == "READY=1\nSTATUS=x")
        unsetenv("NOTIFY_SOCKET")

        #expect(Systemd.watchdogMilliseconds == nil)
        setenv("WATCHDOG_USEC", "30000000", 1)
        #expect(Systemd.watchdogMilliseconds == 30_000)
        setenv("WATCHDOG_PID", "1", 1)
        #expect(Systemd.watchdogMilliseconds == nil)
        setenv("WATCHDOG_PID", String(getpid()), 1)
        #expect(Systemd.watchdogMilliseconds == 30_000)
        setenv("WATCHDOG_USEC", "x", 1)
        #expect(Systemd.watchdogMilliseconds == nil)
        unsetenv("WATCHDOG_USEC")
        unsetenv("WATCHDOG_PID")
    }

    private func received(at name: String) throws -> String {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = [UInt8](name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
            }
        }
        try #require(bound == 0)
        setenv("NOTIFY_SOCKET", name, 1)
        Systemd.notify("READY=1\nSTATUS=x")
        var buffer = [UInt8](repeating: 0, count: 200)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
