import Glibc

/// A new file, 0600, written from its start piece by piece. It is removed when it is given up before `finish`. One
/// thread at a time.
final class ByteSink {
    private let path: String
    private let descriptor: Int32
    private var isWhole = false

    init(new path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(path: path, action: .make, errno: errno) }
        Files.giveToOwnerOfFolder(descriptor, path)
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        if !isWhole { unlink(path) }
    }

    func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes[...]) }

    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        let refusal = StorageSeam.refusal(of: .write, path)
        if refusal != 0 { throw FileError(path: path, action: .write, errno: refusal) }
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw FileError(path: path, action: .write, errno: errno)
            }
            done += written
        }
    }

    /// Returns when all of the file is on the disk.
    func finish() throws(FileError) {
        guard fsync(descriptor) == 0 else {
            throw FileError(path: path, action: .sync, errno: errno)
        }
        isWhole = true
    }
}
