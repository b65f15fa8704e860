import Glibc

extension Files {
    /// The folder of a file, if that folder does not exist.
    public static func missingFolder(of path: String) -> String? {
        let folder = folder(of: path)
        return exists(folder) ? nil : folder
    }

    /// Throws when `writeNew` could not begin. It leaves nothing behind.
    public static func checkNew(_ path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(path: path, action: .make, errno: errno) }
        close(descriptor)
        unlink(path)
    }

    /// Writes a file that was not there before, 0600; it is on the disk on return. It never replaces another file,
    /// and removes its own after a failure.
    public static func writeNew(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw FileError(path: path, action: .make, errno: errno)
        }
        var failure: Int32 = 0
        var written = 0
        while written < bytes.count, failure == 0 {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 { written += count } else if errno != EINTR { failure = errno }
        }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        guard failure == 0 else {
            remove(path)
            throw FileError(path: path, action: .write, errno: failure)
        }
        syncFolder(of: path)
    }
}
