import Glibc

/// A file to which bytes are only added. It is private (0600); when root makes it, it belongs to the owner of its
/// folder. It never follows a link that somebody put in its place. It is closed with its last reference. Thread-safe.
public final class AppendFile: Sendable {
    /// The function that writes: the system's own call, or a test's.
    public typealias Writing = @Sendable (Int32, UnsafeRawPointer, Int) -> Int
    public static let systemWriting: Writing = { Glibc.write($0, $1, $2) }

    public let path: String
    private let descriptor: Int32
    private let writing: Writing

    /// Creates a new file; an existing one is an error.
    public static func create(_ path: String, writing: @escaping Writing = systemWriting)
        throws(FileError) -> AppendFile
    {
        try AppendFile(path, O_CREAT | O_EXCL, .create, writing)
    }

    /// Opens an existing file; a link, a folder or a file with a second name is refused.
    public static func open(_ path: String, writing: @escaping Writing = systemWriting)
        throws(FileError) -> AppendFile
    {
        try AppendFile(path, 0, .open, writing)
    }

    private init(_ path: String, _ more: Int32, _ action: FileAction, _ writing: @escaping Writing)
        throws(FileError)
    {
        let flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more
        descriptor = Glibc.open(path, flags, 0o600)
        self.path = path
        self.writing = writing
        guard descriptor >= 0 else { throw FileKind.refused(path, action, errno) }
        // `deinit` closes the descriptor.
        try Files.checkRegular(descriptor, path, action)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_nlink <= 1 else {
            throw FileError(
                path: path, action: action, detail: "it is no plain file with one name",
                vi: "tệp có nhiều hơn một tên (liên kết cứng)")
        }
        if more & O_CREAT != 0 { Files.giveToOwnerOfFolder(descriptor, path) }
    }

    deinit { close(descriptor) }

    /// Adds bytes and returns how many were taken, which may be fewer than all when the disk fills up. Throws when
    /// none were taken.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return 0 }
        while true {
            let count = writing(descriptor, start, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw FileError(path: path, action: .write, errno: count == 0 ? ENOSPC : errno)
            }
            return count
        }
    }

    /// Adds all bytes or throws; a part may have been added then.
    public func appendAll(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = bytes[done...]
            // The closure cannot throw a typed error, so the error is returned as a value.
            let outcome = rest.withUnsafeBytes { buffer in
                Result { () throws(FileError) in try append(buffer) }
            }
            done += try outcome.get()
        }
    }

    /// Waits until everything added is on the disk.
    public func sync() throws(FileError) {
        guard fdatasync(descriptor) == 0 else {
            throw FileError(path: path, action: .sync, errno: errno)
        }
    }

    public var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Whether somebody removed the file, so that what is added now is lost.
    public var isGone: Bool {
        var status = stat()
        return fstat(descriptor, &status) != 0 || status.st_nlink == 0
    }

    /// The last bytes, at most `count`.
    public func tail(_ count: Int) throws(FileError) -> [UInt8] {
        let size = size
        var bytes = [UInt8](repeating: 0, count: min(count, size))
        var done = 0
        while done < bytes.count {
            let place = size - bytes.count + done
            let got = bytes.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return pread(descriptor, rest.baseAddress, rest.count, off_t(place))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw FileError(path: path, action: .read, errno: errno) }
            done += got
        }
        return bytes
    }

    /// Lends the descriptor to a tool that writes the file. It is valid only inside `body`.
    public func withDescriptor<T>(_ body: (Int32) throws(FileError) -> T) throws(FileError) -> T {
        try body(descriptor)
    }

    /// Waits until no other process holds this lock; closing the file releases it.
    public func lock() throws(FileError) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw FileError(path: path, action: .lock, errno: errno)
            }
        }
    }
}
