import Glibc

/// A file mapped into memory. Its blocks are allocated beforehand, so that a full disk is an error here and never a
/// SIGBUS later. What is stored into it survives `kill -9`; `sync` makes it survive a power loss.
///
/// `@unchecked Sendable`: path, descriptor and pointer are constant, and this class never touches the bytes it maps; its
/// owners (`LedgerFile`, `RequestIDs`) say under which lock they do.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    public let bytes: UnsafeMutableRawBufferPointer
    private let descriptor: Int32

    /// Creates a file of `count` zero bytes; an existing one is an error.
    public static func create(_ path: String, count: Int) throws(FileError) -> MappedFile {
        try StorageSeam.check(.create, path)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path: path, action: .create, errno: errno) }
        let refusal = StorageSeam.refusal(of: .reserve, path)
        let failure = refusal != 0 ? refusal : reserve(descriptor, count)
        guard failure == 0 else {
            close(descriptor)
            Files.remove(path)
            throw FileError(path: path, action: .reserve(bytes: count), errno: failure)
        }
        Files.syncFolder(of: path)
        return try MappedFile(path: path, descriptor: descriptor, count: count)
    }

    /// Maps an existing file.
    public static func open(_ path: String) throws(FileError) -> MappedFile {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileKind.refused(path, .open, errno) }
        do { try Files.checkRegular(descriptor, path, .map) } catch {
            close(descriptor)
            throw error
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else {
            close(descriptor)
            throw FileError(path: path, action: .map, detail: "it is empty", vi: "tệp rỗng")
        }
        // A copy may have holes where the original had zeros, and a store into one could be a SIGBUS.
        if status.st_blocks * 512 < status.st_size {
            let failure = reserve(descriptor, Int(status.st_size))
            guard failure == 0 else {
                close(descriptor)
                throw FileError(path: path, action: .fillHoles, errno: failure)
            }
        }
        return try MappedFile(path: path, descriptor: descriptor, count: Int(status.st_size))
    }

    private static func reserve(_ descriptor: Int32, _ count: Int) -> Int32 {
        while true {
            let failure = posix_fallocate(descriptor, 0, off_t(count))
            if failure != EINTR { return failure }
        }
    }

    private init(path: String, descriptor: Int32, count: Int) throws(FileError) {
        guard StorageSeam.refusal(of: .map, path) == 0,
            let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            base != MAP_FAILED
        else {
            close(descriptor)
            throw FileError(path: path, action: .map, errno: errno)
        }
        self.path = path
        self.descriptor = descriptor
        bytes = UnsafeMutableRawBufferPointer(start: base, count: count)
    }

    deinit {
        munmap(bytes.baseAddress, bytes.count)
        close(descriptor)
    }

    /// Waits until everything stored is on the disk.
    public func sync() throws(FileError) {
        let refusal = StorageSeam.refusal(of: .sync(descriptor: descriptor), path)
        guard refusal == 0, fdatasync(descriptor) == 0 else {
            throw FileError(path: path, action: .sync, errno: refusal != 0 ? refusal : errno)
        }
    }
}
