import Glibc

extension ListenAddress {
    /// Whether anything accepts a connection here. It sends nothing.
    public func answers(withinMilliseconds limit: Int32) -> Bool {
        let family: Int32 =
            switch self {
            case .unix: AF_UNIX
            case .tcp(let host, _): Self.family(host) ?? AF_INET
            }
        let type =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        if connect(descriptor) == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, limit) > 0 else { return false }
        var failure: Int32 = 0
        var count = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &count)
        return failure == 0
    }

    private func connect(_ descriptor: Int32) -> Int32 {
        switch self {
        case .unix(let path): return Self.withAddress(path) { Glibc.connect(descriptor, $0, $1) }
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
            var found: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
                errno = EINVAL
                return -1
            }
            defer { freeaddrinfo(found) }
            return Glibc.connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen)
        }
    }
}
