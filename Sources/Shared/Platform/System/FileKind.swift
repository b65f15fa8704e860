import Glibc

/// What stands at a path. Whoever named the wrong path is told what is there and what to name instead, not how
/// reading or writing failed.
enum FileKind: Sendable {
    case file, folder, pipe, socket, device

    init(_ mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        case S_IFIFO: self = .pipe
        case S_IFSOCK: self = .socket
        default: self = .device
        }
    }

    /// The kind at a path, with links followed; nil when nothing is there, or this user may not look.
    static func of(_ path: String) -> FileKind? {
        var status = Glibc.stat()
        return stat(path, &status) == 0 ? FileKind(status.st_mode) : nil
    }

    private var name: (en: String, vi: String) {
        switch self {
        case .file: ("a file", "tệp")
        case .folder: ("a folder", "thư mục")
        case .pipe: ("a named pipe (FIFO)", "ống dẫn (FIFO)")
        case .socket: ("a socket", "socket")
        case .device: ("a device", "thiết bị")
        }
    }

    /// Why this is no file to read or write, and the way out. Call it for any other kind than a file.
    func noFile(_ path: String, _ action: FileAction) -> FileError {
        let wayOut: (en: String, vi: String) =
            self == .folder
            ? ("name a file in it", "hãy nêu một tệp trong đó")
            : (
                "name a file; what comes out of it can be copied into one",
                "hãy nêu một tệp; có thể chép nội dung ra tệp rồi dùng tệp đó"
            )
        return FileError(
            path: path, action: action, errno: self == .folder ? EISDIR : 0,
            detail: "it is \(name.en), no regular file: \(wayOut.en)",
            vi: "đây là \(name.vi), không phải tệp thường: \(wayOut.vi)")
    }

    /// The error of a failed `open`; a folder is reported as such.
    static func refused(_ path: String, _ action: FileAction, _ failure: Int32) -> FileError {
        if failure == EISDIR { return FileKind.folder.noFile(path, action) }
        // ENXIO: a socket cannot be opened.
        if failure == ENXIO, let kind = of(path), kind != .file { return kind.noFile(path, action) }
        return FileError(path: path, action: action, errno: failure)
    }

    /// Why this is no folder, where one is needed.
    func noFolder(_ path: String, _ action: FileAction) -> FileError {
        FileError(
            path: path, action: action, errno: ENOTDIR,
            detail: "it is \(name.en), no folder: name a folder, or move it out of the way",
            vi:
                "đây là \(name.vi), không phải thư mục: hãy nêu một thư mục, hoặc chuyển nó đi chỗ khác"
        )
    }
}

extension Files {
    /// Throws unless the open descriptor is a regular file.
    public static func checkRegular(
        _ descriptor: Int32, _ path: String, _ action: FileAction = .read
    ) throws(FileError) {
        var status = Glibc.stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError(path: path, action: action, errno: errno)
        }
        let kind = FileKind(status.st_mode)
        guard kind == .file else { throw kind.noFile(path, action) }
    }

    /// Throws when something other than a folder is there. Whoever makes or opens the folder handles an absent one.
    static func checkFolder(_ path: String, _ action: FileAction) throws(FileError) {
        if let kind = FileKind.of(path.isEmpty ? "/" : path), kind != .folder {
            throw kind.noFolder(path, action)
        }
    }
}
