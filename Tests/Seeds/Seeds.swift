import Glibc
import Platform
import Synchronization

/// Runs of a simulation from seeds, each in a folder of its own.
public enum Seeds {
    /// From the environment: `SEEDS`, `FROM`.
    public static func number(_ name: String, _ standard: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? standard
    }

    /// Those that are asked for; a hundred from 1 unless told.
    public static var asked: Range<UInt64> {
        let first = number("FROM", 1)
        return first..<(first + number("SEEDS", 100))
    }

    /// Runs each on one of two threads: a cooperative thread must not be held for a minute. What `run` tells of those
    /// that failed, in the order of the seeds.
    public static func each(
        _ seeds: Range<UInt64>, _ run: @escaping @Sendable (UInt64) -> String?
    ) async -> [String] {
        await withCheckedContinuation { continuation in
            let next = Mutex(seeds.lowerBound)
            let failures = Mutex<[(UInt64, String)]>([])
            let running = Mutex(2)
            for lane in 0..<2 {
                _ = RunningThread(name: "simulation-\(lane)") {
                    while let seed = next.withLock({ next -> UInt64? in
                        guard next < seeds.upperBound else { return nil }
                        defer { next += 1 }
                        return next
                    }) {
                        if let failure = run(seed) {
                            failures.withLock { $0.append((seed, failure)) }
                        }
                    }
                    if running.withLock({
                        $0 -= 1; return $0
                    }) == 0 {
                        continuation.resume(
                            returning: failures.withLock { $0 }.sorted { $0.0 < $1.0 }.map(\.1))
                    }
                }
            }
        }
    }

    private static let runs = Atomic<Int>(0)

    /// A new folder: suites run beside each other, with the same seeds.
    public static func scratch(_ seed: UInt64) -> String {
        let number = runs.add(1, ordering: .relaxed).newValue
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let path = "\(base)/chot-simulation-\(getpid())-\(number)-\(seed)"
        removeFolder(path)
        mkdir(path, 0o700)
        return path
    }
}

public func removeFolder(_ folder: String) {
    for name in Files.list(folder) {
        let path = "\(folder)/\(name)"
        var status = stat()
        let isFolder = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if isFolder { removeFolder(path) } else { unlink(path) }
    }
    rmdir(folder)
}

/// The last log lines of a run.
public final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    public init() {}

    public func add(_ line: String) {
        lines.withLock {
            $0.append(line)
            if $0.count > 20 { $0.removeFirst() }
        }
    }
    public var all: [String] { lines.withLock { $0 } }
}
