import Domain
import Glibc
import Platform
import Synchronization
import Testing
import Wire

@testable import Agent

/// Defects that seeds found, each as the shortest story that shows it.
@Suite("Found by simulation", .serialized) struct FoundTests {
    typealias Story = @Sendable (World) throws -> Void

    /// Plays a story, then healing and the account at the end, with these seeds.
    private func play(
        _ seeds: Range<UInt64> = 1..<2, plan: Plan = Plan(), _ story: @escaping Story
    ) async {
        let failures = await Runs.each(seeds) { seed, root in
            let world = try World(seed: seed, plan: plan, root: root)
            world.quietRounds = 4
            world.script = { world in
                world.start()
                try story(world)
            }
            return world
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    // MARK: breaches

    @Test("a breach that was told is not told again after a restart")
    func toldOnce() async {
        await play { world in
            let (login, perDay, _) = world.volumes.accounts[0]
            for _ in 0...perDay { world.ask(login, world.volumes.services[0].service) }
            world.busy()
            world.end(.kill)
            world.busy()
        }
    }

    // MARK: epochs

    @Test("an epoch that was answered late, and is none of the future, is not taken")
    func lateEpoch() async {
        await play { world in
            world.busy()
            world.network.epochLie = 3
            world.busy(.falseRefusal)
        }
    }

    @Test(
        "what the collector counted unknown to the agent takes nothing else with it into quarantine"
    )
    func countedUnknown() async {
        var plan = Plan()
        plan.lies = [.refusedAfterCommit]
        await play(plan: plan) { world in
            // Counted, then said to be a fork: told again under a new epoch, beside what is new.
            world.network.epochLie = 1
            world.busy(.refusedAfterCommit)
            world.busy(.falseRefusal)
            world.busy()
            world.expect(world.network.collector.quarantined.total > 0, "nothing was told twice")
        }
    }

    @Test("a collector restored from a backup of an earlier epoch gets what it acknowledged since")
    func restoredOverEpochs() async {
        await play { world in
            world.busy()
            let backup = world.network.collector
            world.busy()
            world.busy(.falseRefusal)
            world.busy()
            world.network.collector.restore(backup)
            world.collectorWasRestored = true
            // The first answer is lost on the way, and the epoch's too.
            world.network.scripted = [.answerLost]
            world.network.epochLie = 1
            world.busy()
        }
    }

    @Test("an agent restored to an earlier epoch does not send the same for ever")
    func bothRestored() async {
        await play { world in
            world.busy()
            world.busy()
            world.busy(.answerLost)
            let snapshot = (folder: world.disk.snapshot(), asked: world.asked)
            world.time.now += 60_000
            world.busy()
            world.busy(.falseRefusal)
            world.busy()
            world.restore(snapshot)
            world.start()
            world.time.now += 700_000
            let before = world.network.requests
            world.agent?.pushRound()
            world.expect(world.network.requests - before < 20, "sent without end")
        }
    }

    @Test("a collector that refuses everything is asked a few times a round")
    func endlessRefusal() async {
        await play { world in
            world.busy()
            world.network.scripted = Array(repeating: .falseRefusal, count: 300)
            let before = world.network.requests
            world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
            world.time.now += 61_000
            world.agent?.pushRound()
            world.expect(world.network.requests - before < 20, "asked without end")
            world.network.scripted = []
        }
    }

    // MARK: time

    @Test("a snapshot is recognised while the clock stands back: each interval has a length")
    func length() async {
        var plan = Plan()
        plan.clockSteps = true
        await play(plan: plan) { world in
            world.busy()
            world.time.offset = -250_000
            world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
            let snapshot = (folder: world.disk.snapshot(), asked: world.asked)
            world.busy()
            world.restore(snapshot)
            world.busy()
        }
    }

    // MARK: power

    @Test("a ledger that the outbox cannot take is synced too")
    func syncsEnded() async {
        var plan = Plan()
        plan.powerLosses = true
        await play(1..<12, plan: plan) { world in
            world.busy()
            world.disk.fate = { step, _ in
                if case .statement(let sql) = step, sql.hasPrefix("INSERT INTO interval") {
                    return .failure(EIO)
                }
                return nil
            }
            for _ in 0..<5 {
                world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
            }
            world.time.now += 61_000
            world.agent?.pushRound()
            world.sync()
            world.disk.fate = nil
            world.end(.powerLoss)
            world.expect(world.lossMax.total == 0, "the sync failed")
        }
    }

    @Test("a sync makes the name of the present ledger survive a power loss as well")
    func syncsNames() async {
        var plan = Plan()
        plan.powerLosses = true
        await play(1..<12, plan: plan) { world in
            world.busy()
            // No new spare, whose making would sync the folder.
            world.disk.fate = { step, path in
                if case .create = step, path.hasSuffix("/spare") { return .failure(ENOSPC) }
                return nil
            }
            world.busy()
            for _ in 0..<5 {
                world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
            }
            world.sync()
            world.disk.fate = nil
            world.end(.powerLoss)
            world.expect(world.lossMax.total == 0, "the sync failed")
        }
    }

    @Test(
        "where the followed logs stand survives a power loss with the counts that are in the outbox"
    )
    func keepsPlaces() async {
        var plan = Plan()
        plan.powerLosses = true
        await play(1..<24, plan: plan) { world in
            let log = try LogSource.passed(state: "/nowhere")
            world.setting.config.logs = [log]
            world.end(.kill)
            world.buryDead()
            world.start()
            for line in 1...3 {
                let place = Checkpoint.Place(
                    log: log.name,
                    cursor: .init(
                        device: 1, inode: 2, offset: UInt64(line * 100), fingerprint: 3))
                let isKept = world.agent?.checkpoint.skip(to: place) ?? false
                world.expect(isKept, "no place is kept")
                world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
                // Cut, and taken into the outbox; nothing is synced about once a second.
                world.time.now += 61_000
                world.agent?.pushRound()
            }
            world.end(.powerLoss)
            world.buryDead()
            world.start()
            let offset = world.agent?.checkpoint.cursor(of: log.name)?.offset
            world.expect(offset == 300, "it stands at \(offset as UInt64?, default: "no place")")
        }
    }

    // MARK: files

    @Test("the authority follows its key list through a crash between the two files")
    func authority() async {
        await play { world in
            let now = Timestamp(milliseconds: world.time.now)
            try world.network.book.issueKeys(at: now)
            world.disk.fate = { _, path in path.hasSuffix("ca.pem.new") ? .end(.kill) : nil }
            world.end(.kill)
            world.buryDead()
            world.start()
            world.disk.fate = nil
            world.expect(world.disk.isDead, "the authority was not written")
            world.buryDead()
            world.start()
            world.expect(world.agent != nil, "not started")
        }
    }

    @Test("starts that fail do not fill the disk with ledgers")
    func failedStarts() async {
        await play { world in
            world.busy()
            world.ask(world.volumes.accounts[0].login, world.volumes.services[0].service)
            world.end(.kill)
            world.buryDead()
            world.disk.fate = { step, _ in
                if case .statement(let sql) = step, sql.hasPrefix("INSERT INTO interval") {
                    return .failure(EIO)
                }
                return nil
            }
            for _ in 0..<30 {
                world.time.now += 5000
                world.start()
                world.expect(world.agent == nil, "started")
            }
            world.disk.fate = nil
            let count = Files.list("\(world.disk.folder)/ledger").count
            world.expect(count <= 3, "\(count) ledgers")
        }
    }

    @Test("a spare ledger that could not be mapped is made again")
    func mapping() async {
        await play { world in
            world.busy()
            world.disk.fate = { step, _ in if case .map = step { .failure(ENOMEM) } else { nil } }
            world.busy()
            world.disk.fate = nil
            world.busy()
            let before = world.network.collector.seq
            world.busy()
            world.expect(world.network.collector.seq > before, "no interval is cut")
        }
    }

    @Test("intervals that the outbox cannot take do not pile up in memory")
    func unsealed() async {
        await play { world in
            world.busy()
            world.disk.fate = { step, _ in
                if case .statement(let sql) = step, sql.hasPrefix("INSERT INTO interval") {
                    return .failure(EIO)
                }
                return nil
            }
            for _ in 0..<8 {
                world.busy()
                world.expect(world.agent?.courier.unsealedCount ?? 0 <= 2, "too many")
            }
        }
    }
}
