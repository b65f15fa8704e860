import Glibc

/// Where a server listens: `unix:/path`, `127.0.0.1:8473` or `[::1]:8473`.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: UInt16)

    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count < 100, !path.utf8.contains(0) else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" { host = "127.0.0.1" }
        guard Self.family(host) != nil else { return nil }
        self = .tcp(host: host, port: port)
    }

    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// Whether the text is an IP address, or one with the bits of its network: `10.0.0.0/8`.
    public static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let family = family(parts[0]), parts.count <= 2 else { return false }
        guard parts.count == 2 else { return true }
        guard let bits = Int(parts[1]), parts[1].utf8.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        return (0...(family == AF_INET ? 32 : 128)).contains(bits)
    }

    /// An IP address in nginx's spelling; nil when the text is none.
    public static func canonicalAddress(_ text: String) -> String? {
        guard let family = family(text) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        var name = [CChar](repeating: 0, count: 64)
        guard inet_pton(family, text, &bytes) == 1,
            inet_ntop(family, bytes, &name, socklen_t(name.count)) != nil
        else { return nil }
        let canonical = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return canonical.hasPrefix("::ffff:") && canonical.contains(".")
            ? String(canonical.dropFirst(7)) : canonical
    }

    static func family(_ host: String) -> Int32? {
        // C would read only up to the first zero byte, and what follows would pass unchecked.
        guard !host.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return AF_INET }
        return inet_pton(AF_INET6, host, &six) == 1 ? AF_INET6 : nil
    }

    /// Makes a listening socket, close-on-exec. A unix socket gets its name only when it is ready and has its mode; a
    /// stale socket is replaced, and a live one is an error.
    func listen(backlog: Int32, unixMode: mode_t) throws(FileError) -> Int32 {
        switch self {
        case .unix(let path): try Self.listenUnix(path, backlog, unixMode)
        case .tcp(let host, let port): try Self.listenTCP(host, port, backlog)
        }
    }

    /// This address with the port that the kernel gave a socket listening on port 0.
    func resolved(of descriptor: Int32) -> ListenAddress {
        guard case .tcp(let host, 0) = self else { return self }
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port: UInt16? = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard getsockname(descriptor, $0, &count) == 0 else { return nil }
                // The port is at the same place in sockaddr_in and sockaddr_in6.
                return UnsafeRawPointer($0).load(fromByteOffset: 2, as: UInt16.self).bigEndian
            }
        }
        return .tcp(host: host, port: port ?? 0)
    }

    private static func listenUnix(_ path: String, _ backlog: Int32, _ mode: mode_t)
        throws(FileError)
        -> Int32
    {
        let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let probe = socket(AF_UNIX, stream, 0)
        let live = withAddress(path) { connect(probe, $0, $1) } == 0
        Glibc.close(probe)
        guard !live else {
            throw FileError(
                path: path, action: .listen,
                detail: "another process answers there; stop it first",
                vi: "có tiến trình khác đang trả lời ở đó; hãy dừng nó trước")
        }
        let descriptor = socket(AF_UNIX, stream, 0)
        let temporary = path + ".new"
        unlink(temporary)
        guard descriptor >= 0, withAddress(temporary, { bind(descriptor, $0, $1) }) == 0,
            chmod(temporary, mode) == 0, Glibc.listen(descriptor, backlog) == 0,
            rename(temporary, path) == 0
        else {
            let failure = errno
            unlink(temporary)
            Glibc.close(descriptor)
            throw FileError(path: path, action: .listen, errno: failure)
        }
        return descriptor
    }

    static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    )
        -> Int32
    {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [UInt8](path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func listenTCP(_ host: String, _ port: UInt16, _ backlog: Int32)
        throws(FileError)
        -> Int32
    {
        let name = "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw FileError(
                path: name, action: .listen, detail: "it is no address", vi: "không phải địa chỉ")
        }
        defer { freeaddrinfo(found) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.ai_family, type, 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard descriptor >= 0,
            bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let failure = errno
            Glibc.close(descriptor)
            throw FileError(path: name, action: .listen, errno: failure)
        }
        return descriptor
    }
}
