import Glibc

/// Sends single datagrams to a unix socket such as `/dev/log`. It never blocks: a full receiver is an error, and the
/// caller tries again.
public struct DatagramSocket: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Sends one message. Throws when it could not be sent whole.
    public func send(_ message: String) throws(FileError) {
        let type =
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw FileError(path: path, action: .open, errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = [UInt8](path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw FileError(path: path, action: .send, errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let bytes = [UInt8](message.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0,
                    socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard sent == bytes.count else {
            throw FileError(path: path, action: .send, errno: errno)
        }
    }
}
