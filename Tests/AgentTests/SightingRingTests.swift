import Domain
import Synchronization
import Testing

@testable import Agent

@Suite("SightingRing") struct SightingRingTests {
    private final class Collected: SightingConsumer {
        let seen = Mutex<[Sighting]>([])
        let lasts = Mutex(0)
        func note(_ sighting: Sighting) { seen.withLock { $0.append(sighting) } }
        func tick(at now: Timestamp, isLast: Bool) { if isLast { lasts.withLock { $0 += 1 } } }
    }

    private func sighting(_ number: Int) -> Sighting {
        Sighting(
            at: Sample.noon, login: Login("canbo1")!, service: Sample.service,
            requestID: String(number))
    }

    @Test("what is put comes out in its order; what is too much is dropped and counted")
    func order() {
        let ring = SightingRing()
        for number in 0..<(SightingRing.countMax + 5) { ring.put(sighting(number)) }
        var seen: [String] = []
        #expect(ring.drain { seen.append($0.requestID) } == SightingRing.countMax)
        #expect(seen == (0..<SightingRing.countMax).map(String.init))
        #expect(ring.takeDropped() == [0: 5] && ring.takeDropped() == [:] && ring.droppedTotal == 5)
        ring.put(sighting(1))
        #expect(ring.drain { _ in } == 1 && ring.drain { _ in } == 0)
    }

    @Test("a sighting goes to the consumers of its system, and to no other")
    func systems() {
        let ring = SightingRing()
        let consumers = [Collected(), Collected()]
        let thread = SightingThread(ring: ring, bySystem: { [[consumers[0]], [consumers[1]]] })
        for number in 0..<9 {
            var seen = sighting(number)
            seen.systemIndex = number % 3
            ring.put(seen)
        }
        thread.stop()
        #expect(consumers[0].seen.withLock { $0.map(\.requestID) } == ["0", "3", "6"])
        #expect(consumers[1].seen.withLock { $0.map(\.requestID) } == ["1", "4", "7"])
        #expect(consumers.allSatisfy { $0.lasts.withLock { $0 } == 1 })
    }

    @Test("the thread hands everything to every consumer before it stops")
    func thread() {
        let ring = SightingRing()
        let consumers = [Collected(), Collected()]
        let thread = SightingThread(ring: ring, consumers: consumers)
        for number in 0..<3000 { ring.put(sighting(number)) }
        thread.stop()
        for consumer in consumers {
            #expect(consumer.seen.withLock { $0.map(\.requestID) } == (0..<3000).map(String.init))
            #expect(consumer.lasts.withLock { $0 } == 1)
        }
    }
}
