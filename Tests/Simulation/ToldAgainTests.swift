import Domain
import Testing
import Wire

@testable import Agent

/// A whole agent, its courier with it, before a collector that refuses what it is sent: nothing is lost but what is said
/// to be, nothing is asked without end, and `status` tells it.
@Suite("What a collector refuses is told again", .serialized) struct ToldAgainTests {
    private func play(
        _ plan: Plan = Plan(), _ story: @escaping @Sendable (World) throws -> Void
    ) async {
        let failures = await Runs.each(1..<3) { seed, root in
            let world = try World(seed: seed, plan: plan, root: root)
            world.quietRounds = 4
            world.script = { world in
                world.start()
                world.busy()
                try story(world)
            }
            return world
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    private static func messages(_ world: World) -> [Localized] {
        world.agent?.report().troubles.map(\.message) ?? []
    }

    @Test("too much of made-up names is told together, once, and nobody has to look after it")
    func quota() async {
        await play { world in
            let collector = world.network.collector
            world.network.refusal = { summary in
                summary.rows.count { $0.login.rawValue.hasPrefix("nguoila") } > 10 ? "quota" : nil
            }
            for number in 0..<200 {
                world.ask(Login(unchecked: "nguoila\(number)"), world.volumes.services[0].service)
            }
            let pushes = world.network.pushes
            for _ in 0..<4 { world.busy() }
            let after = world.network.collector
            world.expect(
                after.totals.total == world.asked.total,
                "\(after.totals.total) of \(world.asked.total) counted")
            world.expect(after.dropped("folded") >= 200, "\(after.dropped("folded")) told together")
            world.expect(after.dropped("refused") == 0, "told as lost")
            world.expect(
                after.epoch - collector.epoch <= 2, "\(after.epoch - collector.epoch) epochs")
            world.expect(
                world.network.pushes - pushes <= 12, "\(world.network.pushes - pushes) pushes")
            world.expect(try world.agent?.outbox.refused().summaries == 0, "set aside")
            world.expect(Self.messages(world).isEmpty, "\(Self.messages(world))")
        }
    }

    @Test("what is refused in any words is set aside once, told as lost, and said by status")
    func forGood() async {
        // Refused time may be missing.
        var plan = Plan()
        plan.lies = [.setAside]
        for problem in ["quota", "hours", "scope", "a kind of later versions"] {
            await play(plan) { world in
                let before = world.network.collector
                var isRefusing = true
                world.network.refusal = { _ in isRefusing ? problem : nil }
                world.busy()
                isRefusing = false
                let lost = world.asked.total - before.totals.total
                let pushes = world.network.pushes
                for _ in 0..<4 { world.busy() }
                let after = world.network.collector
                world.expect(
                    after.dropped("refused") == lost, "\(after.dropped("refused")) told of \(lost)")
                world.expect(
                    after.totals.total + lost == world.asked.total,
                    "\(after.totals.total) + \(lost) of \(world.asked.total)")
                world.expect(world.network.pushes - pushes <= 8, "asked again and again")
                world.expect(
                    after.epoch - before.epoch <= 4, "\(after.epoch - before.epoch) epochs")
                let told = Self.messages(world)
                world.expect(
                    told.contains {
                        $0.en.contains("refused by the collector") && $0.vi.contains("từ chối")
                    },
                    "status tells \(told)")
                // What is set aside is known to be lost.
                world.lossMax.add(world.asked.less(after.totals))
            }
        }
    }

    @Test(
        "a push, or an epoch, that is refused as such is kept, tried at a calm pace, told by status, and counted once when it is taken",
        arguments: [409, 413, 422])
    func whole(status: Int) async {
        await play { world in
            for isEpoch in [false, true] {
                let problem = HTTPProblem("made-up", status: status, title: "No", detail: "not now")
                if isEpoch {
                    world.network.epochProblem = problem
                } else {
                    world.network.pushProblem = problem
                }
                let before = (world.network.pushes, world.network.collector.epoch)
                for _ in 0..<30 { world.busy(isEpoch ? .falseRefusal : nil) }
                world.expect(
                    world.network.pushes - before.0 <= 62, "\(world.network.pushes) pushes")
                world.expect(world.network.collector.epoch == before.1, "an epoch was taken")
                let told = Self.messages(world)
                world.expect(
                    told.contains {
                        $0.en.contains("does not count the summaries")
                            && $0.en.contains("\(status)")
                            && $0.vi.contains("không ghi nhận bảng kê")
                            && $0.vi.contains("\(status)")
                    }, "status tells \(told)")
                world.expect(
                    try world.agent?.outbox.refused().summaries == 0, "what was kept is called lost"
                )
                world.network.pushProblem = nil
                world.network.epochProblem = nil
                for _ in 0..<4 { world.busy() }
                let total = world.network.collector.totals.total
                world.expect(total == world.asked.total, "\(total) of \(world.asked.total)")
                world.expect(Self.messages(world).isEmpty, "\(Self.messages(world))")
            }
        }
    }
}
