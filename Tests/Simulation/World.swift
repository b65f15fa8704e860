import Domain
import Platform
import Seeds
import Wire

@testable import Agent

/// One simulated agent, its machine, its network and its collector. A seed decides what happens; the promises of
/// docs/domain.md are checked at each tick.
///
/// Not thread-safe: one thread, inside `StorageSeam.withFaults`.
final class World {
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    let seed: UInt64
    let plan: Plan
    let root: String
    var chance: Chance
    let time: SimulatedTime
    let disk: Disk
    let network: Network
    var setting: Setting
    let volumes: Volumes
    var agent: AgentProcess?
    var events: [String] = []
    var tick = 0

    /// All that was judged, as the callers were answered.
    var asked = Tally()
    /// As `asked` was when the ledger was last synced.
    var synced = Tally()
    /// At most so much may be missing: lost with the power, or with what a restored snapshot replaced.
    var lossMax = Tally()
    /// At most so much the Gate may have forgotten.
    var forgotten = Tally()
    var snapshot: (folder: String, asked: Tally)?
    var backup: ModelCollector?
    var wasRestored = false
    var hasLostPower = false
    private var hasRebooted = false
    var collectorWasRestored = false
    /// By lock set, what the running agent held last.
    var held: [String: Version] = [:]
    /// Ledgers that a power loss tore, by number.
    var torn: Set<Int64> = []
    /// How many quiet rounds end the healing.
    var quietRounds = 12
    /// What happens instead of what chance brings.
    var script: ((World) throws -> Void)?
    var storySteps = 0

    init(seed: UInt64, plan: Plan? = nil, root: String) throws {
        self.seed = seed
        self.root = root
        var chance = Chance(seed: seed)
        let plan = plan ?? Plan(&chance)
        self.plan = plan
        volumes = Volumes(&chance, observes: plan.observes)
        // Some minutes before an hour, so that intervals, hours and windows end in every run.
        let start = chance.one(of: [
            "2026-11-24T06:40:00", "2026-11-24T17:20:00", "2026-11-24T11:50:00",
            "2026-11-24T23:45:00",
        ])
        let begin = Timestamp(start) ?? Timestamp(milliseconds: 1_796_000_000_000)
        time = SimulatedTime(begin.milliseconds)
        disk = try Disk(root: root, chance: Chance(seed: seed &+ 1))
        let book = try OrdersBook(policy: volumes.policy(at: begin), chance: &chance)
        setting = try Setting(
            root: root, folder: disk.folder, pushEvery: plan.pushEvery, book: book, from: begin,
            &chance)
        disk.settle()
        network = Network(
            collector: ModelCollector(
                agent: setting.identity.agent, system: book.system, key: setting.key.publicKey,
                from: begin, epoch: setting.identity.epoch),
            book: book, disk: disk, time: time, chance: Chance(seed: seed &+ 2))
        let second = begin.milliseconds / 1000
        network.certificate = (second - 30 * 86_400)...(second + 825 * 86_400)
        self.chance = chance
        network.lies = plan.lies
        network.ordersLies = plan.ordersLies
        network.lieShare = plan.lieShare
        disk.errorShare = plan.diskErrors ? 0.01 : 0
        disk.knowsPower = plan.powerLosses
        disk.losesPower = { [unowned self] in losePower() }
        network.didPush = { [unowned self] in checkAfterPush() }
    }

    /// What the agent takes for the time.
    var wall: Timestamp { agent?.clock.now() ?? Timestamp(milliseconds: time.wall) }

    func note(_ event: String) {
        events.append("\(tick) \(wall): \(event)")
        if events.count > 200 { events.removeFirst() }
    }

    /// All that chance and code made of the seed, in short.
    var fingerprint: String {
        let collector = network.collector
        return
            "\(disk.steps) steps, \(network.requests) requests, \(asked.total) asked, \(collector.totals.total) counted, \(collector.epoch).\(collector.seq), \(time.now)"
    }
    var didEnd: ((World) -> Void)?
    var figures = Figures()

    var failed: Broken?
    func expect(_ isTrue: Bool, _ what: String) {
        if !isTrue { fail(what) }
    }

    func fail(_ what: String) {
        if failed == nil { failed = Broken(description: what) }
    }

    /// The whole run: troubles, then healing, then the account of everything.
    func run() throws {
        if script != nil {
            try script?(self)
            buryDead()
            if let failed { throw failed }
        } else {
            for tick in 0..<plan.ticks {
                self.tick = tick
                step()
                buryDead()
                checkNow()
                if let failed { throw failed }
            }
        }
        try heal()
        checkAtEnd()
        if let failed { throw failed }
        let collector = network.collector
        for (finding, count) in collector.findings { figures.add(finding, count) }
        figures.add("queries", Int(asked.total))
        figures.add("counted", Int(collector.totals.total))
        figures.add("lost with the power at most", hasLostPower ? Int(lossMax.total) : 0)
        figures.add("torn", torn.count)
        figures.add("requests", network.requests)
        figures.add("steps", disk.steps)
        figures.add("epochs", Int(collector.epoch))
        didEnd?(self)
    }

    // MARK: the process

    func start() {
        guard agent == nil else { return }
        do {
            disk.aside { findTorn() }
            let process = try AgentProcess(
                setting, folder: disk.folder, network: network, time: time)
            guard !disk.isDead else { return }
            agent = process
            note("started")
            figures.add("starts")
            checkStarted(process)
        } catch {
            note("could not start: \(error)")
        }
    }

    func end(_ how: Disk.End) {
        note(how.rawValue)
        disk.die(how)
    }

    /// What was counted since the last sync may be gone.
    func losePower() {
        hasLostPower = true
        hasRebooted = true
        lossMax.add(asked.less(synced))
        forgotten.add(asked.less(synced))
        synced = asked
    }

    /// After a crash: the objects go, the picture that it left is the state now.
    func buryDead() {
        guard disk.isDead else { return }
        if agent != nil { note("ended at \(disk.lastStep)") }
        figures.add(hasRebooted ? "power losses" : "kills")
        agent = nil
        held = [:]
        disk.revive()
        if hasRebooted { time.reboot() }
        hasRebooted = false
    }
}
