import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// A clock far ahead for a while, the agent's or the collector's; and what a collector refuses. Each as the shortest
/// story.
@Suite("Clocks that come back", .serialized) struct ReturnTests {
    private static let year: Int64 = 365 * 86_400_000

    private func play(
        _ plan: Plan = Plan(), _ story: @escaping @Sendable (World) throws -> Void
    ) async {
        let failures = await Runs.each(1..<3) { seed, root in
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

    private static func isNow(_ world: World) -> Bool {
        abs(world.wall.milliseconds - world.time.now) < 600_000
    }

    private static func reboot(_ world: World) {
        world.end(.kill)
        world.buryDead()
        world.time.reboot()
    }

    @Test("a machine that starts in 2036 finds its collector, which tells the time")
    func machineAhead() async {
        await play { world in
            world.busy()
            Self.reboot(world)
            world.time.offset = 10 * Self.year
            world.busy()
            world.busy()
            world.expect(Self.isNow(world), "the agent is in \(world.wall)")
            Self.reboot(world)
            world.time.offset = 0
            world.busy()
            world.expect(Self.isNow(world), "the agent is in \(world.wall)")
        }
    }

    @Test(
        "a machine ahead without its collector counts there, comes back, and every count is told once"
    )
    func machineAheadAlone() async {
        for ahead in [10 * Self.year, 78 * Self.year] {
            await play { world in
                world.busy()
                Self.reboot(world)
                world.network.isDown = true
                world.time.offset = ahead
                for _ in 0..<3 { world.busy() }
                Self.reboot(world)
                world.time.offset = 0
                world.busy()
                world.expect(Self.isNow(world), "the agent is in \(world.wall)")
                world.network.isDown = false
                for _ in 0..<4 { world.busy() }
                let collector = world.network.collector
                world.expect(collector.quarantined.total == 0, "quarantined")
                world.expect(collector.coveredTo.milliseconds <= world.time.now, "not covered yet")
                world.expect(
                    collector.totals.total == world.asked.total, "\(collector.totals.total) counted"
                )
            }
        }
    }

    @Test("a collector far ahead, beyond its own certificate, is not believed")
    func collectorBeyond() async {
        await play { world in
            world.busy()
            world.network.offset = 10 * Self.year
            world.busy()
            world.expect(Self.isNow(world), "the agent is in \(world.wall)")
            world.end(.kill)
            world.busy()
            world.expect(Self.isNow(world), "the agent is in \(world.wall)")
            world.network.offset = 0
            world.busy()
        }
    }

    @Test("after a collector that was ahead for a minute, and signed orders then, agents come back")
    func collectorAhead() async {
        await play { world in
            world.busy()
            world.network.offset = Self.year
            for _ in 0..<2 { world.busy() }
            world.expect(!Self.isNow(world), "the collector's clock was not followed")
            let ahead = Timestamp(milliseconds: world.time.now + world.network.offset)
            try world.network.book.issuePolicy(at: ahead)
            world.agent?.waitRound()
            world.end(.kill)
            world.busy()
            world.network.offset = 0
            for _ in 0..<4 { world.busy() }
            world.expect(Self.isNow(world), "the agent is in \(world.wall)")
            let collector = world.network.collector
            world.expect(collector.returns == 1, "\(collector.returns) returns")
            world.expect(collector.coveredTo.milliseconds <= world.time.now, "not covered yet")
            Self.reboot(world)
            world.busy()
            world.expect(Self.isNow(world), "its orders keep the agent in \(world.wall)")
        }
    }

    @Test(
        "a first interval before its own enrolment, by a collector that went back a day, is counted"
    )
    func beforeEnrolment() async {
        await play { world in
            // Its clock is followed from the first answer on; nothing was told before.
            world.network.offset = -86_400_000
            world.end(.kill)
            for _ in 0..<2 { world.busy() }
            world.network.offset = 0
            for _ in 0..<4 { world.busy() }
            let collector = world.network.collector
            world.expect(
                collector.quarantined.total == 0, "\(collector.quarantined.total) quarantined")
            world.expect(
                collector.totals.total == world.asked.total, "\(collector.totals.total) counted")
        }
    }

    @Test("an agent restored to before a return counts on")
    func restoredBefore() async {
        // While the time is ahead, and after it came back.
        for rounds in [0, 4] {
            await play { world in
                world.busy()
                let snapshot = (folder: world.disk.snapshot(), asked: world.asked)
                world.network.offset = Self.year
                for _ in 0..<2 { world.busy() }
                world.network.offset = 0
                for _ in 0..<rounds { world.busy() }
                world.restore(snapshot)
                for _ in 0..<4 { world.busy() }
                let before = world.network.collector.totals.total
                world.busy()
                let after = world.network.collector.totals.total
                world.expect(after > before, "nothing is counted")
            }
        }
    }

    // MARK: what is refused

    @Test("counts of refused summaries are told as lost, each once")
    func refused() async {
        var plan = Plan()
        plan.lies = [.setAside]
        await play(plan) { world in
            world.busy()
            world.busy(.setAside)
            world.busy()
            let collector = world.network.collector
            world.expect(collector.setAside.total > 0, "nothing was refused")
            world.expect(
                collector.dropped("refused") == collector.setAside.total,
                "\(collector.dropped("refused")) told, \(collector.setAside.total) refused")
        }
    }

    @Test("a collector that refuses everything is asked for few new epochs")
    func fewEpochs() async {
        var plan = Plan()
        plan.lies = [.setAside]
        await play(plan) { world in
            world.busy()
            let before = world.network.collector.epoch
            for _ in 0..<60 { world.busy(.setAside) }
            let epochs = world.network.collector.epoch - before
            world.expect(epochs <= 40, "\(epochs) epochs in an hour")
        }
    }

    @Test(
        "a seal of which the collector took a part before a new epoch is completed, each part counted once"
    )
    func parts() async {
        var plan = Plan()
        plan.lies = [.refusedAfterCommit, .setAside]
        for lie in [Network.Lie.setAside, .refusedAfterCommit, .answerLost] {
            await play(plan) { world in
                world.busy()
                for number in 0..<1500 {
                    world.ask(
                        Login(unchecked: "nguoila\(number)"), world.volumes.services[0].service)
                }
                world.busy(lie)
                for _ in 0..<3 { world.busy() }
                let collector = world.network.collector
                let told = collector.totals.total + collector.setAside.total
                world.expect(
                    told == world.asked.total,
                    "\(told) of \(world.asked.total) told, \(collector.quarantined.total) quarantined"
                )
            }
        }
    }
}
