import Glibc

/// Tells systemd about the state of a service; does nothing outside systemd.
public enum Systemd {
    /// The longest time between two `WATCHDOG=1`; nil when systemd does not watch this process.
    public static var watchdogMilliseconds: Int64? {
        guard let text = getenv("WATCHDOG_USEC"), let span = Int64(String(cString: text)), span > 0
        else {
            return nil
        }
        if let owner = getenv("WATCHDOG_PID"), String(cString: owner) != String(getpid()) {
            return nil
        }
        return max(1, span / 1000)
    }

    /// Sends `READY=1`, `STATUS=…`, `WATCHDOG=1` or `STOPPING=1`.
    public static func notify(_ state: String) {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), path.count > 1 else {
            return
        }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = [UInt8](path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // A leading @ stands for the NUL of an abstract name.
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let message = [UInt8](state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
