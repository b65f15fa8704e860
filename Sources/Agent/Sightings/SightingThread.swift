import Domain
import Platform
import Synchronization

/// The one thread that drains sightings into their consumers, about five times a second, and at once when many wait.
final class SightingThread: Sendable {
    private static let everyMilliseconds: Int64 = 200

    private let thread: RunningThread
    private let stopping: StopFlag

    private final class StopFlag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    convenience init(ring: SightingRing, consumers: [any SightingConsumer]) {
        self.init(ring: ring, bySystem: { [consumers] })
    }

    /// `bySystem` returns the consumers of each system by its place in the configuration; it is asked each time,
    /// since a system may come later. A `clock` of nil means the machine's.
    init(
        ring: SightingRing, clock: TrustedClock? = nil,
        bySystem: @escaping @Sendable () -> [[any SightingConsumer]]
    ) {
        let flag = StopFlag()
        stopping = flag
        wake = ring.wake
        thread = RunningThread(name: "sightings", standsBack: true) {
            var nextTick: Int64 = 0
            while true {
                ring.wake.wait(milliseconds: Self.everyMilliseconds)
                let isLast = flag.isSet.load(ordering: .sequentiallyConsistent)
                let systems = bySystem()
                _ = ring.drain { sighting in
                    guard systems.indices.contains(sighting.systemIndex) else { return }
                    for consumer in systems[sighting.systemIndex] { consumer.note(sighting) }
                }
                for (system, lost) in ring.takeDropped() where systems.indices.contains(system) {
                    for consumer in systems[system] { consumer.noteLost(lost) }
                }
                let now = MonotonicClock.milliseconds()
                guard isLast || now >= nextTick else { continue }
                nextTick = now + 1000
                let time = clock?.now() ?? Timestamp(milliseconds: WallClock.milliseconds())
                for consumer in systems.joined() { consumer.tick(at: time, isLast: isLast) }
                if isLast { return }
            }
        }
    }

    private let wake: WakeEvent

    /// Stops the thread. Called after the authorize endpoint ended, so that its last sightings are drained too.
    func stop() {
        stopping.isSet.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
        thread.join()
    }
}
