import Glibc

extension Files {
    /// A copy, 0600, on the disk when it returns. `other` is made anew.
    public static func copy(_ path: String, to other: String) throws(FileError) {
        let source = try ByteSource(path)
        let target = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard target >= 0 else { throw FileError(path: other, action: "make", errno: errno) }
        defer { close(target) }
        giveToOwnerOfFolder(target, other)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try source.read(into: &buffer)
            if count == 0 { break }
            var done = 0
            while done < count {
                let written = buffer.withUnsafeBytes {
                    write(target, $0.baseAddress.map { $0 + done }, count - done)
                }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    throw FileError(path: other, action: "write", errno: errno)
                }
                done += written
            }
        }
        guard fsync(target) == 0 else { throw FileError(path: other, action: "sync", errno: errno) }
    }

    /// Where relative paths begin.
    public static func workingFolder() throws(FileError) -> String {
        guard let path = getcwd(nil, 0) else {
            throw FileError(path: ".", action: "find", errno: errno)
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// Makes what a file holds survive power loss.
    public static func sync(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, action: "open", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw FileError(path: path, action: "sync", errno: errno)
        }
    }
}
