import Glibc
import Platform
import Synchronization
import Testing

/// Seeds from `SEEDS` and `FROM` (`make simulate`), or the first hundred.
@Suite("Simulation", .serialized) struct SimulationTests {
    static func number(_ name: String, _ standard: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? standard
    }

    @Test(
        "the promises hold through crashes, torn writes, full disks, clock steps, snapshots and liars"
    )
    func seeds() async {
        let first = Self.number("FROM", 1)
        let count = Self.number("SEEDS", 100)
        let figures = Mutex(Figures())
        let failures = await Runs.each(first..<(first + count)) { seed, root in
            let world = try World(seed: seed, root: root)
            world.didEnd = { world in figures.withLock { $0.add(world.figures) } }
            return world
        }
        print("\(count) seeds from \(first): \(figures.withLock { $0 })")
        for failure in failures { Issue.record("\(failure)") }
    }

    @Test("a seed makes the same run again", arguments: [3, 14] as [UInt64])
    func again(seed: UInt64) async {
        let ends = Mutex<[String]>([])
        for _ in 0..<2 {
            let failures = await Runs.each(seed..<(seed + 1)) { seed, root in
                let world = try World(seed: seed, root: root)
                world.didEnd = { world in ends.withLock { $0.append(world.fingerprint) } }
                return world
            }
            #expect(failures.isEmpty)
        }
        let all = ends.withLock { $0 }
        #expect(all.count == 2 && all.first == all.last)
    }
}

/// Runs worlds on threads of their own: a cooperative thread must not be held for a minute.
enum Runs {
    static func each(
        _ seeds: Range<UInt64>, _ make: @escaping @Sendable (UInt64, String) throws -> World
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
                        if let failure = run(seed, make) {
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

    /// Nil when all promises were kept.
    static func run(
        _ seed: UInt64, _ make: (UInt64, String) throws -> World
    ) -> String? {
        let root = scratch(seed)
        defer { removeFolder(root) }
        do {
            let world = try make(seed, root)
            let lines = Lines()
            do {
                try Log.$listener.withValue({ lines.add($0) }) {
                    try StorageSeam.withFaults(world.disk) { try world.run() }
                }
                return nil
            } catch {
                return """
                    seed \(seed), tick \(world.tick): \(error)
                    \(world.plan.isTold)
                    \(world.events.suffix(Int(SimulationTests.number("EVENTS", 25))).joined(separator: "\n"))
                    network: \(world.network.log.suffix(12).joined(separator: "; "))
                    \(lines.all.joined())
                    """
            }
        } catch {
            return "seed \(seed): cannot begin: \(error)"
        }
    }

    private static let runs = Atomic<Int>(0)

    /// Suites run beside each other, with the same seeds.
    private static func scratch(_ seed: UInt64) -> String {
        let number = runs.add(1, ordering: .relaxed).newValue
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let path = "\(base)/chot-simulation-\(getpid())-\(number)-\(seed)"
        removeFolder(path)
        mkdir(path, 0o700)
        return path
    }
}

/// The last log lines of a run.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) {
        lines.withLock {
            $0.append(line)
            if $0.count > 20 { $0.removeFirst() }
        }
    }
    var all: [String] { lines.withLock { $0 } }
}
