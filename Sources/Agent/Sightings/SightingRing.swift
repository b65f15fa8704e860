import Platform
import Synchronization

/// Carries what the authorize endpoint saw to the thread that logs and measures it. The hot path never waits
/// for that thread: when it falls behind, sightings are dropped and counted; counts of queries are not touched.
///
/// Two buffers take turns: one is filled, the other is read. Any thread may put; one thread drains.
final class SightingRing: Sendable {
    /// Of one buffer; at most about 4 MB, since every text in a sighting is bounded.
    static let countMax = 8192

    private struct State {
        var filling: [Sighting] = []
        var dropped: [Int: Int64] = [:]
        var droppedTotal: Int64 = 0
    }

    private let state = Mutex(State())
    /// Signalled when a quarter is full; else the drainer comes by itself.
    let wake = WakeEvent()

    /// Sightings dropped since the last call, by `systemIndex`.
    func takeDropped() -> [Int: Int64] {
        state.withLock { state in
            defer { state.dropped = [:] }
            return state.dropped
        }
    }

    /// Since the start.
    var droppedTotal: Int64 { state.withLock { $0.droppedTotal } }

    func put(_ sighting: Sighting) {
        let isDue = state.withLock { state in
            guard state.filling.count < Self.countMax else {
                state.dropped[sighting.systemIndex, default: 0] += 1
                state.droppedTotal += 1
                return false
            }
            state.filling.append(sighting)
            return state.filling.count == Self.countMax / 4
        }
        if isDue { wake.signal() }
    }

    /// Hands over what was put since the last call, in its order. Returns how many.
    func drain(into consume: (Sighting) -> Void) -> Int {
        var full: [Sighting] = []
        state.withLock { swap(&full, &$0.filling) }
        for sighting in full { consume(sighting) }
        return full.count
    }
}
