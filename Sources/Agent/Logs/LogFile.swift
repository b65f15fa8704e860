import Glibc
import Platform

/// An open log. It stays the same file whatever happens to its name. One thread at a time.
final class LogFile {
    let path: String
    let device: UInt64
    let inode: UInt64
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
        // `O_NONBLOCK`, since a pipe in the place of a log must not hold up the others.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(path: path, action: .open, errno: errno) }
        self.path = path
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            device = 0
            inode = 0
            // `deinit` closes the descriptor.
            try Files.checkRegular(descriptor, path, .follow)
            throw FileError(path: path, action: .follow, errno: errno)
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    deinit { close(descriptor) }

    /// The device and inode of the file that has this path now; nil when there is none.
    static func numbers(_ path: String) -> (UInt64, UInt64)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    /// The file's present size in bytes, and when it was last written, in nanoseconds since 1970.
    var state: (size: Int64, written: Int64) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return (0, 0) }
        return (Int64(status.st_size), Self.nanoseconds(status.st_mtim))
    }

    static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Returns the number of bytes read, 0 at the end, less than 0 on an error.
    func read(at offset: Int64, into target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        while true {
            let got = pread(descriptor, target, count, off_t(offset))
            if got >= 0 || errno != EINTR { return got }
        }
    }

    /// The fingerprint of the bytes before `offset` (see `LogCursor`); nil when the file is shorter.
    func fingerprint(upTo offset: Int64) -> UInt64? {
        let wanted = Int(min(max(0, offset), Int64(LogCursor.headBytes)))
        guard offset <= state.size else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: LogCursor.headBytes, alignment: 1) {
            bytes -> UInt64? in
            var got = 0
            while got < wanted, let base = bytes.baseAddress {
                let more = read(at: Int64(got), into: base + got, wanted - got)
                guard more > 0 else { return nil }
                got += more
            }
            return wanted == 0
                ? 0 : LogCursor.fingerprint(UnsafeRawBufferPointer(rebasing: bytes[..<wanted]))
        }
    }

    /// Whether this is the file that the cursor describes, and it holds everything that was read.
    func has(_ cursor: LogCursor) -> Bool {
        fingerprint(upTo: cursor.offset) == cursor.fingerprint
    }

    /// The end of its last whole line. When the last line is longer than 64 KiB this is the end of the file.
    var endOfLines: Int64 {
        let size = state.size
        let span = Int(min(size, 65_536))
        return withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { bytes in
            guard let base = bytes.baseAddress,
                read(at: size - Int64(span), into: base, span) == span
            else { return size }
            guard let last = bytes[..<span].lastIndex(of: 10) else { return span < size ? size : 0 }
            return size - Int64(span - last - 1)
        }
    }
}
