import Glibc

extension Files {
    /// Copies a file to `other`, which is made anew, 0600, and is on the disk on return. Returns the content's SHA-256.
    @discardableResult
    public static func copy(_ path: String, to other: String) throws -> [UInt8] {
        let source = try ByteSource(path)
        let sink = try ByteSink(new: other)
        let digest = try RunningDigest()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try source.read(into: &buffer)
            if count == 0 { break }
            digest.add(buffer[..<count])
            try sink.write(buffer[..<count])
        }
        try sink.finish()
        return digest.finish()
    }

    /// The SHA-256 of a file of any size.
    public static func digest(_ path: String) throws -> [UInt8] {
        let source = try ByteSource(path)
        let digest = try RunningDigest()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try source.read(into: &buffer)
            if count == 0 { return digest.finish() }
            digest.add(buffer[..<count])
        }
    }

    /// The permissions of a file; nil when there is none.
    public static func mode(_ path: String) -> mode_t? {
        var status = Glibc.stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// The folder from which relative paths begin.
    public static func workingFolder() throws(FileError) -> String {
        guard let path = getcwd(nil, 0) else {
            throw FileError(path: ".", action: .find, errno: errno)
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// Makes a file's content survive a power loss.
    public static func sync(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(path: path, action: .open, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw FileError(path: path, action: .sync, errno: errno)
        }
    }
}
