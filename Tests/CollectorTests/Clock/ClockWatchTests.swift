import Domain
import Glibc
import Platform
import Seeds
import Testing
import Wire
@testable import Collector
@testable import CollectorClock
@testable import CollectorRegistry
@testable import CollectorStore
@testable import CollectorValues

@Suite("What the collector tells of its own clock") struct ClockWatchTests {
    @Test("one that was moved while the collector was down is told at once, though no agent speaks")
    func movedWhileDown() throws {
        let folder = "/tmp/chot-watch-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { removeFolder(folder) }
        let machine = CentreClockTests.Machine()
        try NationalTime.$simulatedMachine.withValue({ machine.now }) {
            try Initialise(state: folder, listen: .tcp(host: "127.0.0.1", port: 1)).run()
            var config = try CollectorConfig.load("\(folder)/collector.json5")
            config.state = folder
            func alerts(_ server: CollectorServer) throws -> [String] {
                var watch = ClockWatch(
                    clock: server.clock, store: server.store, metrics: server.metrics)
                watch.look()
                watch.look()
                return try server.store.read { try $0.alerts() }.map { "\($0.kind) \($0.state)" }
            }
            let first = try CollectorServer(config: config)
            #expect(try alerts(first) == [])
            first.clock.save()
            machine.set(by: 2 * CentreClockTests.day)
            let second = try CollectorServer(config: config)
            #expect(second.clock.doubt == .moved(2 * CentreClockTests.day))
            #expect(try alerts(second) == ["centre open"])
            second.clock.save()
            machine.set(by: -2 * CentreClockTests.day)
            let third = try CollectorServer(config: config)
            _ = third.clock.vouch()
            #expect(try alerts(third) == ["centre resolved"])
        }
    }
}
