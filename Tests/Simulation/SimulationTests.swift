import Glibc
import Platform
import Seeds
import Synchronization
import Testing

/// Seeds from `SEEDS` and `FROM` (`make simulate`), or the first hundred.
@Suite("Simulation", .serialized) struct SimulationTests {
    @Test(
        "the promises hold through crashes, torn writes, full disks, clock steps, snapshots and liars"
    )
    func seeds() async {
        let seeds = Seeds.asked
        let figures = Mutex(Figures())
        let failures = await Runs.each(seeds) { seed, root in
            let world = try World(seed: seed, root: root)
            world.didEnd = { world in figures.withLock { $0.add(world.figures) } }
            return world
        }
        print("\(seeds.count) seeds from \(seeds.lowerBound): \(figures.withLock { $0 })")
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

enum Runs {
    static func each(
        _ seeds: Range<UInt64>, _ make: @escaping @Sendable (UInt64, String) throws -> World
    ) async -> [String] {
        await Seeds.each(seeds) { run($0, make) }
    }

    /// Nil when all promises were kept.
    static func run(
        _ seed: UInt64, _ make: (UInt64, String) throws -> World
    ) -> String? {
        let root = Seeds.scratch(seed)
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
                    \(world.events.suffix(Int(Seeds.number("EVENTS", 25))).joined(separator: "\n"))
                    network: \(world.network.log.suffix(12).joined(separator: "; "))
                    \(lines.all.joined())
                    """
            }
        } catch {
            return "seed \(seed): cannot begin: \(error)"
        }
    }
}
