import CLinux
import Glibc

/// Runs a command line that our user wrote, through `/bin/sh -c`. What comes from elsewhere goes in by standard input
/// and the environment, never into the line itself.
public struct ShellCommand: Sendable {
    public let line: String
    /// A command that takes longer is killed, so that it does not hold up what comes after.
    public var millisecondsMax: Int64 = 60_000

    public init(_ line: String) { self.line = line }

    public enum Outcome: Sendable, Equatable {
        case ended(status: Int32)
        case killed(signal: Int32)
        case tookTooLong
        /// A signal asked this program to stop, and the command was asked, too.
        case stopped
        case notStarted(errno: Int32)
    }

    /// Runs the command and waits for its end. `environment` is added to our own.
    public func run(input: [UInt8], environment: [String: String]) -> Outcome {
        let descriptor = chot_memory_file("chot-input")
        guard descriptor >= 0 else { return .notStarted(errno: errno) }
        defer { close(descriptor) }
        guard fill(descriptor, input) else { return .notStarted(errno: errno) }
        var process = pid_t()
        let failure = spawn(&process, input: descriptor, environment)
        guard failure == 0 else { return .notStarted(errno: failure) }
        return wait(for: process)
    }

    private func fill(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return lseek(descriptor, 0, SEEK_SET) == 0
    }

    private func spawn(
        _ process: inout pid_t, input: Int32, _ environment: [String: String]
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        // Our stop signals are blocked and SIGPIPE is ignored; the command must start with neither. It has its own
        // process group, so that all of it can be stopped.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var standard = sigset_t()
        sigemptyset(&standard)
        sigaddset(&standard, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let command: [String] = ["/bin/sh", "-c", line]
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            merged(environment).map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        return posix_spawn(&process, "/bin/sh", &actions, &attributes, &words, &variables)
    }

    private func merged(_ added: [String: String]) -> [String] {
        var all: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = String(text.prefix { $0 != "=" })
            if added[name] == nil { all.append(text) }
            next += 1
        }
        // A NUL would cut the value short.
        return all + added.map { "\($0)=\($1.replacing("\0", with: " "))" }
    }

    private func wait(for process: pid_t) -> Outcome {
        let deadline = MonotonicClock.milliseconds() + millisecondsMax
        var status: Int32 = 0
        var pause: Int64 = 2
        while true {
            let found = waitpid(process, &status, WNOHANG)
            if found == process {
                let signal = status & 0x7F
                return signal == 0
                    ? .ended(status: (status >> 8) & 0xFF) : .killed(signal: signal)
            }
            if found < 0, errno != EINTR { return .notStarted(errno: errno) }
            let now = MonotonicClock.milliseconds()
            if now >= deadline {
                end(process, with: SIGKILL)
                return .tookTooLong
            }
            if Signals.takeStop(beforeMonotonicMilliseconds: now + pause) {
                end(process, with: SIGTERM)
                return .stopped
            }
            pause = min(pause * 2, 100)
        }
    }

    private func end(_ process: pid_t, with signal: Int32) {
        kill(-process, signal)
        var status: Int32 = 0
        let deadline = MonotonicClock.milliseconds() + 2000
        while waitpid(process, &status, WNOHANG) == 0 {
            if MonotonicClock.milliseconds() > deadline {
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                return
            }
            poll(nil, 0, 10)
        }
    }
}
