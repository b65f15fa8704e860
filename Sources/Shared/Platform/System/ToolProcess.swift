import CLinux
import Glibc

/// Runs a program of the system, such as `gzip`, on files of ours, without a shell. It gets nothing of our
/// environment and is killed with its last reference. One thread at a time.
///
/// Unlike `ShellCommand` it takes no stop signal, since another thread waits for that.
public final class ToolProcess {
    public enum Outcome: Equatable, Sendable, CustomStringConvertible {
        case ended(status: Int32)
        case killed(signal: Int32)

        public var description: String {
            switch self {
            case .ended(let status): "it ended with status \(status)"
            case .killed(let signal): "it was ended by signal \(signal)"
            }
        }

        public var vietnamese: String {
            switch self {
            case .ended(let status): "chương trình kết thúc với mã \(status)"
            case .killed(let signal): "chương trình bị dừng bởi tín hiệu \(signal)"
            }
        }
    }

    public let program: String
    private let process: pid_t
    private var outcome: Outcome?

    /// `program` is an absolute path. It reads `source` and writes `output`, a descriptor. `niceness` is 0…19 and
    /// lowers its priority.
    public init(
        _ program: String, _ arguments: [String], reading source: ByteSource, output: Int32,
        niceness: Int
    ) throws(FileError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, source.rawDescriptor, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Our stop signals are blocked and SIGPIPE is ignored; a tool must start with neither.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var standard = sigset_t()
        sigemptyset(&standard)
        sigaddset(&standard, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] =
            ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            [strdup("LC_ALL=C"), strdup("PATH=/usr/bin:/bin"), nil]
        defer { for text in words + variables { free(text) } }
        var started = pid_t()
        let failure = posix_spawn(&started, program, &actions, &attributes, &words, &variables)
        guard failure == 0 else {
            throw FileError(path: program, action: .start, errno: failure)
        }
        self.program = program
        process = started
        if niceness > 0 { chot_stand_back(started, Int32(min(niceness, 19))) }
    }

    deinit { stop() }

    /// The outcome; nil while it runs.
    public func poll() -> Outcome? { reap(WNOHANG) }

    /// Waits until it has ended.
    public func wait() -> Outcome { reap(0) ?? .killed(signal: SIGKILL) }

    /// Ends it at once if it still runs.
    public func stop() {
        guard outcome == nil, poll() == nil else { return }
        kill(process, SIGKILL)
        _ = wait()
    }

    private func reap(_ options: Int32) -> Outcome? {
        if let outcome { return outcome }
        var status: Int32 = 0
        while true {
            let found = waitpid(process, &status, options)
            if found == 0 { return nil }
            if found < 0, errno == EINTR { continue }
            let signal = status & 0x7F
            // Somebody else has reaped it; its end is unknown, so it counts as failed.
            let ended: Outcome =
                found < 0
                ? .killed(signal: 0)
                : signal == 0 ? .ended(status: (status >> 8) & 0xFF) : .killed(signal: signal)
            outcome = ended
            return ended
        }
    }
}
