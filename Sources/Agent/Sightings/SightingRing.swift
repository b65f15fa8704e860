import Platform
import Synchronization

/// Carries what the authorize endpoint saw to the thread that logs and measures it. The hot path never waits
/// for that thread: when it falls behind, sightings are dropped and counted; counts of queries are not touched.
///
/// Two buffers take turns: one is filled, the other is read. Any thread may put; one thread drains.
final class SightingRing: Sendable {
    /// The most sightings in one buffer, usually about 1 MB; every text in a sighting is bounded.
    static let countMax = 8192

    private struct State {
        var filling = PackedSightings()
        var dropped: [Int: Int64] = [:]
        var droppedTotal: Int64 = 0
    }

    private let state = Mutex(State())
    /// How many are worth waking the drainer, which otherwise comes by itself: few enough that it is done before
    /// anybody waits for its processor.
    private static let countDue = 64
    /// Signalled when `countDue` sightings wait.
    let wake = WakeEvent()

    /// Sightings dropped since the last call, by `systemIndex`.
    func takeDropped() -> [Int: Int64] {
        state.withLock { state in
            defer { state.dropped = [:] }
            return state.dropped
        }
    }

    /// Sightings dropped since the start.
    var droppedTotal: Int64 { state.withLock { $0.droppedTotal } }

    func put(_ sighting: Sighting) {
        let isDue = state.withLock { state in
            guard state.filling.count < Self.countMax else {
                state.dropped[sighting.systemIndex, default: 0] += 1
                state.droppedTotal += 1
                return false
            }
            state.filling.append(sighting)
            return state.filling.count == Self.countDue
        }
        if isDue { wake.signal() }
    }

    /// The buffer that is read, and the names that recur. Only the draining thread uses it.
    private let draining = Mutex((full: PackedSightings(), services: ServiceNames()))

    /// Hands over what was put since the last call, in its order. Returns the number of sightings.
    func drain(into consume: (Sighting) -> Void) -> Int {
        draining.withLock { draining in
            state.withLock { swap(&draining.full, &$0.filling) }
            defer { draining.full.removeAll() }
            draining.full.forEach(&draining.services, consume)
            return draining.full.count
        }
    }
}
