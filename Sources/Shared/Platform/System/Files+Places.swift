import Glibc

extension Files {
    /// Where a path leads once its links are followed; nil when nothing is there, or this user may not see it.
    public static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    public static func isFolder(_ path: String) -> Bool {
        var status = Glibc.stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a regular file is there, and no link.
    public static func isRegular(_ path: String) -> Bool {
        var status = Glibc.stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether a regular file is there, with links followed.
    public static func leadsToRegular(_ path: String) -> Bool {
        var status = Glibc.stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether both paths share the room of one file system; true when that cannot be found out.
    public static func areOnOneFileSystem(_ path: String, _ other: String) -> Bool {
        var (ours, theirs) = (Glibc.stat(), Glibc.stat())
        guard stat(path, &ours) == 0, stat(other, &theirs) == 0 else { return true }
        return ours.st_dev == theirs.st_dev
    }
}
