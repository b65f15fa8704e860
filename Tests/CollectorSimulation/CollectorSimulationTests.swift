import Domain
import Glibc
import Platform
import Seeds
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// Seeds from `SEEDS` and `FROM` (`make simulate-collector`), or the first hundred.
@Suite("Collector simulation", .serialized) struct CollectorSimulationTests {
    @Test(
        "totals, locks, versions and the audit log hold through crashes at storage steps, full disks, lost answers and restores"
    )
    func seeds() async {
        let seeds = Seeds.asked
        let figures = Mutex<[String: Int]>([:])
        let failures = await Seeds.each(seeds) { seed in
            Self.play(seed) { nation in
                for _ in 0..<120 { try nation.step() }
                try nation.end()
                figures.withLock { $0.merge(nation.figures, uniquingKeysWith: +) }
            }
        }
        let seen = figures.withLock { $0 }
        let listed = seen.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("\(seeds.count) seeds from \(seeds.lowerBound): \(listed.joined(separator: ", "))")
        // A run in which nothing happens proves nothing.
        for what in [
            "crashes", "restores", "faults", "epochs", "locks", "sets told", "clock moved",
            "locks ended",
        ] {
            #expect(seeds.count < 100 || seen[what] ?? 0 > 0, "\(what) never happened")
        }
        for failure in failures { Issue.record("\(failure)") }
        // Other suites have some open too; a collector that is not let go holds dozens.
        #expect(Self.openFiles() < 1000, "collectors that ended hold their files")
    }

    @Test(
        "the Nth statement of a push, a lock and its release fails, for every N: once, for good, or with the process",
        arguments: [StatementFaults.Kind.once, .full, .crash])
    func everyStatement(_ kind: StatementFaults.Kind) async {
        let swept = Mutex(0)
        let failures = await Seeds.each(1..<2) { seed in
            Self.play(seed) { nation in
                let count = try nation.sweep(kind)
                try nation.end()
                swept.withLock { $0 = count }
            }
        }
        for failure in failures { Issue.record("\(failure)") }
        #expect(swept.withLock { $0 } > 60)
    }

    @Test(
        "an agent that lies about others, floods and splits parts moves nobody else's totals, coverage or locks"
    )
    func rogue() async {
        let figures = Mutex<[String: Int]>([:])
        let seeds = Seeds.asked.prefix(20)
        let failures = await Seeds.each(seeds.lowerBound..<seeds.upperBound) { seed in
            Self.play(seed) { nation in
                let key = try nation.admitRogue()
                for _ in 0..<60 {
                    try nation.step()
                    try nation.misbehave(key)
                }
                try nation.end()
                try nation.checkRogue()
                figures.withLock { $0.merge(nation.figures, uniquingKeysWith: +) }
            }
        }
        let seen = figures.withLock { $0 }
        let lies = seen.filter { $0.key.hasPrefix("lies") }.sorted { $0.key < $1.key }
        print("rogue: \(lies.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
        for what in ["taken", "agent", "scope", "hours", "quota", "quarantined"] {
            #expect(seeds.count < 20 || seen["lies \(what)"] ?? 0 > 0, "\(what) never happened")
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    @Test("what counts towards a lock is kept as long as the lock, when other evidence is gone")
    func keptWithTheLock() async {
        let failures = await Seeds.each(1..<2) { seed in
            Self.play(seed) { try $0.lockByCountsAndForget() }
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    @Test("evidence bears out what is left of totals when hours by account are gone")
    func verifiedLater() async {
        let failures = await Seeds.each(1..<2) { seed in
            Self.play(seed) { try $0.verifyAfterAQuarter() }
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    @Test("a push whose agent is revoked while it waits is told so, and not counted")
    func revokedWhileWaiting() async {
        let failures = await Seeds.each(1..<2) { seed in
            Self.play(seed) { nation in
                let agent = nation.agents[0]
                let id = agent.id
                let record = try nation.server.store.read { try $0.agent(id) }
                #expect(try nation.server.store.write { try $0.revoke(id, at: .now) })
                nation.pass(5000)
                try agent.seal(to: nation.now, [])
                let reply = try nation.reply(to: agent.waiting, of: #require(record))
                #expect(reply.status == 403)
                #expect(try decodeJSON(HTTPProblem.self, reply.body).kind == "agent-revoked")
                #expect(try nation.server.store.read { try $0.agent(id)?.seq } == 0)
            }
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    private static func openFiles() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return .max }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// Nil: all held.
    private static func play(_ seed: UInt64, _ story: (Nation) throws -> Void) -> String? {
        let root = Seeds.scratch(seed)
        defer { removeFolder(root) }
        let lines = Lines()
        do {
            let time = SimulatedTime()
            try Log.$listener.withValue({ lines.add($0) }) {
                try NationalTime.$simulatedMachine.withValue({ time.machine }) {
                    try NationalTime.$simulated.withValue({ time.used }) {
                        let nation = try Nation(seed: seed, root: root, time: time)
                        try nation.setUp()
                        try story(nation)
                    }
                }
            }
            return nil
        } catch {
            return "seed \(seed): \(error)\n\(lines.all.joined(separator: "\n"))"
        }
    }
}
