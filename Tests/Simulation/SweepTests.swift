import Domain
import Glibc
import Platform
import Synchronization
import Testing
import Wire

/// One story, with a fault at its first storage step, at its second, and so on until it ends without one.
@Suite("Every storage step", .serialized) struct SweepTests {
    enum Fault: String, CaseIterable, Sendable {
        case error, kill, powerLoss

        func set(on disk: Disk, at step: Int) {
            switch self {
            case .error: disk.failure = (step, step % 2 == 0 ? EIO : ENOSPC)
            case .kill: disk.end = (step, .kill)
            case .powerLoss: disk.end = (step, .powerLoss)
            }
        }
    }

    @Test(
        "whichever storage step fails or is the last one, nothing is lost and nothing counted twice",
        arguments: Fault.allCases)
    func sweep(fault: Fault) async {
        // Without a fault first: how many steps there are.
        let steps = Mutex(0)
        var failures = await Runs.each(0..<1) { _, root in
            let world = try Self.world(fault, root)
            world.didEnd = { world in steps.withLock { $0 = world.storySteps } }
            return world
        }
        let count = steps.withLock { $0 }
        print("\(fault.rawValue): \(count) steps")
        #expect(count > 150, "the story has become short")
        // A fault may make it a little longer.
        failures += await Runs.each(1..<UInt64(count + 30)) { step, root in
            let world = try Self.world(fault, root)
            fault.set(on: world.disk, at: Int(step))
            return world
        }
        for failure in failures { Issue.record("\(fault.rawValue): \(failure)") }
    }

    private static func world(_ fault: Fault, _ root: String) throws -> World {
        var plan = Plan()
        // The story has one each.
        plan.lies = [.falseRefusal, .setAside]
        let world = try World(seed: 99, plan: plan, root: root)
        world.script = { try $0.story() }
        world.disk.knowsPower = fault == .powerLoss
        world.quietRounds = 2
        world.disk.countsReads = fault == .error
        return world
    }
}

extension World {
    /// Everything an agent does to its disk, once or more.
    func story() throws {
        let now = { [self] in Timestamp(milliseconds: time.now) }
        let acts: [() throws -> Void] = [
            { self.busy() },
            {
                try self.network.book.lock(self.volumes.accounts[0].login, at: now())
                let key = try Ed25519PrivateKey(seed: [UInt8](repeating: 7, count: 32))
                try self.network.book.issueKeys(at: now(), newSigner: key)
                try self.network.book.issuePolicy(at: now())
                self.agent?.waitRound()
            },
            { self.busy(.falseRefusal) }, { self.backup = self.network.collector },
            { self.busy(.setAside) }, { self.busy() }, { self.stop() },
            {
                self.network.collector.restore(self.backup ?? self.network.collector)
                self.collectorWasRestored = true
                self.busy()
            },
            { self.time.now += 9 * 86_400_000 }, { self.busy() },
        ]
        for (place, act) in acts.enumerated() {
            tick = place
            buryDead()
            start()
            try act()
            buryDead()
            checkNow()
            if let failed { throw failed }
        }
        storySteps = disk.steps
    }

    /// Queries and a summary; `lie`: what the collector makes of it.
    func busy(_ lie: Network.Lie? = nil) {
        buryDead()
        start()
        for _ in 0..<5 { ask(volumes.accounts[0].login, volumes.services[0].service) }
        ask(volumes.accounts[1].login, volumes.services[0].service)
        sync()
        time.now += 61_000
        agent?.look()
        network.scripted = lie.map { [$0] } ?? []
        agent?.pushRound()
        network.scripted = []
    }
}
