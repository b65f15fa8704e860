import Glibc

/// Reads and writes small whole files and folders. They are private by default: 0600 and 0700.
public enum Files {
    /// Reads a file of at most `bytesMax` bytes. It never waits: a pipe or a device is refused, since nobody knows
    /// when it would end.
    public static func read(_ path: String, bytesMax: Int = 1 << 20) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileKind.refused(path, .open, errno) }
        defer { close(descriptor) }
        try checkRegular(descriptor, path)
        return try readAll(descriptor, path, bytesMax)
    }

    /// Reads a file that a person named; `-` is standard input, where waiting is intended.
    public static func readNamed(_ path: String, bytesMax: Int = 1 << 20) throws(FileError)
        -> [UInt8]
    {
        path == "-" ? try readAll(0, "-", bytesMax) : try read(path, bytesMax: bytesMax)
    }

    static func readAll(_ descriptor: Int32, _ path: String, _ bytesMax: Int) throws(FileError)
        -> [UInt8]
    {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path: path, action: .read, errno: errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else {
                throw FileError(
                    path: path, action: .read,
                    detail: "larger than the limit of \(bytesMax) bytes",
                    vi: "lớn hơn giới hạn \(bytesMax) byte")
            }
        }
    }

    public static func readText(_ path: String, bytesMax: Int = 1 << 20) throws(FileError) -> String
    {
        try text(try read(path, bytesMax: bytesMax), path)
    }

    /// Reads text as `readNamed` reads bytes.
    public static func readNamedText(_ path: String, bytesMax: Int = 1 << 20) throws(FileError)
        -> String
    {
        try text(try readNamed(path, bytesMax: bytesMax), path)
    }

    private static func text(_ bytes: [UInt8], _ path: String) throws(FileError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(
                path: path, action: .read, detail: "it is not UTF-8 text",
                vi: "không phải văn bản UTF-8")
        }
        return text
    }

    /// Gives a file that root made to the owner of its folder, like what the program makes under its own user. It
    /// goes by descriptor, since the name may have become a link meanwhile.
    static func giveToOwnerOfFolder(_ descriptor: Int32, _ path: String) {
        var status = Glibc.stat()
        guard geteuid() == 0, stat(folder(of: path), &status) == 0, status.st_uid != 0 else {
            return
        }
        fchown(descriptor, status.st_uid, status.st_gid)
    }

    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Writes a file so that it has the whole new content or the whole old one, even after a crash or on a full disk.
    /// Written by root it belongs to its folder's owner. A pipe, socket or device is refused and left in its place.
    public static func writeAtomically(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600)
        throws(FileError)
    {
        var present = Glibc.stat()
        if lstat(path, &present) == 0, present.st_mode & S_IFMT != S_IFLNK {
            let kind = FileKind(present.st_mode)
            guard kind == .file else { throw kind.noFile(path, .write) }
        }
        try checkFolder(folder(of: path), .use)
        let temporary = path + ".new"
        // A crash may have left this file; a new one follows no link that somebody else put there.
        remove(temporary)
        try StorageSeam.check(.create, temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw FileError(path: temporary, action: .create, errno: errno)
        }
        fchmod(descriptor, mode)
        giveToOwnerOfFolder(descriptor, path)
        var failure = StorageSeam.refusal(of: .write, temporary)
        var written = 0
        while written < bytes.count, failure == 0 {
            let count = bytes[written...].withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 { written += count } else if errno != EINTR { failure = errno }
        }
        if failure == 0 {
            failure = StorageSeam.refusal(of: .sync(descriptor: descriptor), temporary)
        }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0 { failure = tryRename(temporary, to: path) }
        guard failure == 0 else {
            remove(temporary)
            throw FileError(path: path, action: .write, errno: failure)
        }
        syncFolder(of: path)
    }

    public static func writeAtomically(_ path: String, _ text: String, mode: mode_t = 0o600)
        throws(FileError)
    {
        try writeAtomically(path, [UInt8](text.utf8), mode: mode)
    }

    /// Makes a folder and those above it; an existing one is left as it is.
    public static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(FileError) {
        if exists(path) { return try checkFolder(path, .use) }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]), mode: mode)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw FileError(path: path, action: .makeFolder, errno: errno)
        }
        // A link that leads nowhere exists, too.
        guard isFolder(path) else {
            throw FileError(
                path: path, action: .makeFolder, errno: EEXIST,
                detail: "a link stands there that leads to no folder; remove it, or name another",
                vi: "ở đó có liên kết không dẫn đến thư mục nào; hãy xóa nó hoặc nêu tên khác")
        }
    }

    /// Renames a folder on the same file system. It never replaces one that is not empty.
    public static func moveFolder(_ path: String, to other: String) throws(FileError) {
        guard Glibc.rename(path, other) == 0 else {
            throw FileError(path: path, action: .move(to: other), errno: errno)
        }
        syncFolder(of: other)
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The size of a file in bytes; 0 when there is none.
    public static func size(_ path: String) -> Int {
        var status = Glibc.stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// When a file was last written, in nanoseconds since 1970; 0 when there is none.
    public static func writtenAt(_ path: String) -> Int64 {
        var status = Glibc.stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// Why this user may not reach a path, in the kernel's words; nil when it may, or when the reason is another.
    public static func reasonForbidden(_ path: String) -> String? {
        guard access(path, R_OK | W_OK) != 0, errno == EACCES || errno == EPERM else { return nil }
        return textOfError(errno)
    }

    /// The free bytes for this user on the file system of a path; nil when that cannot be found out.
    public static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// The free bytes for us on the file system of a path, and its size; nil when that cannot be found out.
    public static func room(_ path: String) -> (free: Int, total: Int)? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let unit = Int(status.f_frsize)
        return (Int(status.f_bavail) * unit, Int(status.f_blocks) * unit)
    }

    /// Removes a file. A failure is ignored, as when there is none.
    public static func remove(_ path: String) {
        if StorageSeam.refusal(of: .remove, path) == 0 { unlink(path) }
    }

    /// Renames a file within its folder, over any file of that name. It survives a power loss only after `syncFolder`.
    public static func rename(_ path: String, to other: String) throws(FileError) {
        let failure = tryRename(path, to: other)
        guard failure == 0 else {
            throw FileError(path: path, action: .rename(to: other), errno: failure)
        }
    }

    private static func tryRename(_ path: String, to other: String) -> Int32 {
        let refusal = StorageSeam.refusal(of: .rename(to: other), path)
        if refusal != 0 { return refusal }
        return Glibc.rename(path, other) == 0 ? 0 : errno
    }

    /// Renames a file, over what was there; the change survives a power loss.
    public static func move(_ path: String, to other: String) throws(FileError) {
        try rename(path, to: other)
        syncFolder(of: other)
    }

    /// The names in a folder, sorted; empty when there is no such folder.
    public static func list(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Why a folder cannot be read; nil when it can, or is absent.
    public static func problem(ofFolder folder: String) -> FileError? {
        guard let stream = opendir(folder) else {
            let failure = errno
            if failure == ENOTDIR, let kind = FileKind.of(folder), kind != .folder {
                return kind.noFolder(folder, .list)
            }
            return failure == ENOENT
                ? nil : FileError(path: folder, action: .list, errno: failure)
        }
        closedir(stream)
        return nil
    }

    /// Makes what was created, renamed or removed beside `path` survive a power loss.
    public static func syncFolder(of path: String) {
        guard StorageSeam.refusal(of: .syncFolder, path) == 0 else { return }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// Holds a folder for one process; a second one is refused at once. The end of the process releases it.
public final class FileLock: Sendable {
    private let descriptor: Int32

    public init(_ path: String) throws(FileError) {
        // Without this check a socket or a pipe in the folder's place would be reported as a disk error.
        try Files.checkFolder(Files.folder(of: path), .use)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
        guard descriptor >= 0 else {
            throw FileKind.refused(path, .open, errno)
        }
        try Files.checkRegular(descriptor, path, .lock)
        Files.giveToOwnerOfFolder(descriptor, path)
        // From here on `deinit` closes it, even after a throw: a second close could hit another thread's file.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw FileError(
                path: path, action: .lock,
                detail: "another process works in this state folder; stop it first",
                vi: "có tiến trình khác đang dùng thư mục trạng thái này; hãy dừng nó trước")
        }
    }

    deinit { close(descriptor) }
}
