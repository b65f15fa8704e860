import Glibc

/// Runs an outside program that judges what we made.
enum Tool {
    /// Exit code of `arguments`, found on the PATH; 127 when there is no such program.
    static func run(_ arguments: String...) -> Int32 {
        var names = arguments.map { strdup($0) } + [nil]
        defer { for name in names { free(name) } }
        var process = pid_t()
        guard posix_spawnp(&process, arguments[0], nil, nil, &names, environ) == 0 else {
            return 127
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return (status >> 8) & 0xFF
    }
}
