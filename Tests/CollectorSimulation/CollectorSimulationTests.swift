import Domain
import Glibc
import Platform
import Synchronization
import Testing

@testable import Collector

/// Seeds from `SEEDS` and `FROM` (`make simulate-collector`), or the first hundred.
@Suite("Collector simulation", .serialized) struct CollectorSimulationTests {
    static func number(_ name: String, _ standard: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? standard
    }

    @Test(
        "totals, locks, versions and the audit log hold through crashes at storage steps, full disks, lost answers and restores"
    )
    func seeds() async {
        let first = Self.number("FROM", 1)
        let count = Self.number("SEEDS", 100)
        let (failures, figures) = await Self.each(first..<(first + count))
        let listed = figures.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("\(count) seeds from \(first): \(listed.joined(separator: ", "))")
        // A run in which nothing happens proves nothing.
        for what in ["crashes", "restores", "faults", "epochs", "locks", "sets told"] {
            #expect(count < 100 || figures[what] ?? 0 > 0, "\(what) never happened")
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    @Test(
        "the Nth statement of a push, a lock and its release fails, for every N: once, for good, or with the process",
        arguments: [StatementFaults.Kind.once, .full, .crash])
    func everyStatement(_ kind: StatementFaults.Kind) async throws {
        let swept: Result<Int, any Error> = await withCheckedContinuation { continuation in
            _ = RunningThread(name: "sweep") {
                continuation.resume(
                    returning: Result {
                        try Self.play(99) { nation in
                            let count = try nation.sweep(kind)
                            try nation.end()
                            return count
                        }
                    })
            }
        }
        #expect(try swept.get() > 60)
    }

    /// What it went through.
    static func run(_ seed: UInt64) throws -> [String: Int] {
        try play(seed) { nation in
            for _ in 0..<120 { try nation.step() }
            try nation.end()
            return nation.figures
        }
    }

    private static func play<T>(_ seed: UInt64, _ story: (Nation) throws -> T) throws -> T {
        let root = "/tmp/chot-csim-\(getpid())-\(seed)"
        try Files.makeFolder(root)
        defer { removeTree(root) }
        let nation = try Nation(seed: seed, root: root)
        let clock: @Sendable () -> Timestamp = { [box = NationBox(nation)] in box.nation.now }
        return try NationalTime.$simulated.withValue(clock) {
            try nation.setUp()
            return try story(nation)
        }
    }

    private static func each(_ seeds: Range<UInt64>) async -> ([String], [String: Int]) {
        await withCheckedContinuation { continuation in
            let next = Mutex(seeds.lowerBound)
            let failures = Mutex<[String]>([])
            let figures = Mutex<[String: Int]>([:])
            let running = Mutex(2)
            for lane in 0..<2 {
                _ = RunningThread(name: "nation-\(lane)") {
                    while let seed = next.withLock({ next -> UInt64? in
                        guard next < seeds.upperBound else { return nil }
                        defer { next += 1 }
                        return next
                    }) {
                        do {
                            let seen = try run(seed)
                            figures.withLock { $0.merge(seen, uniquingKeysWith: +) }
                        } catch {
                            failures.withLock { $0.append("seed \(seed): \(error)") }
                        }
                    }
                    if running.withLock({
                        $0 -= 1; return $0 == 0
                    }) {
                        continuation.resume(
                            returning: (failures.withLock { $0 }, figures.withLock { $0 }))
                    }
                }
            }
        }
    }

    private static func removeTree(_ path: String) {
        for name in Files.list(path) {
            let inner = "\(path)/\(name)"
            if Files.list(inner).isEmpty { Files.remove(inner) } else { removeTree(inner) }
            rmdir(inner)
        }
        rmdir(path)
    }
}

/// A nation is touched by one thread; its clock is read on the same.
private final class NationBox: @unchecked Sendable {
    let nation: Nation
    init(_ nation: Nation) { self.nation = nation }
}
