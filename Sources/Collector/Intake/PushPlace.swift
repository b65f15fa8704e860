import CollectorValues
import Domain
import Synchronization

/// Sees to it that an agent has only one body of a kind under way. A place is taken with the head of the request,
/// before a byte of the body is kept, and left with the answer. However many connections an agent opens, it has one
/// share of the room for bodies and of the threads that read them. Thread-safe.
package final class PushPlaces: Sendable {
    package struct Key: Hashable, Sendable {
        package let agent: AgentID
        /// The endpoint, because an agent may send its sketch while a push of it is counted.
        package let path: String
    }

    private let taken = Mutex<Set<Key>>([])

    /// Returns nil if the agent has one under way.
    package func take(_ agent: AgentID, _ path: String) -> PushPlace? {
        let key = Key(agent: agent, path: path)
        return taken.withLock { $0.insert(key).inserted } ? PushPlace(key, self) : nil
    }

    fileprivate func leave(_ key: Key) { taken.withLock { _ = $0.remove(key) } }
}

/// Left when it is released, for example when its connection ends in the middle of the body. With an answer it is left
/// before the answer is sent, because the agent may come again at once.
package final class PushPlace: Sendable {
    private let key: PushPlaces.Key
    private let places: PushPlaces
    private let isLeft = Atomic<Bool>(false)

    fileprivate init(_ key: PushPlaces.Key, _ places: PushPlaces) {
        self.key = key
        self.places = places
    }

    func leave() {
        if !isLeft.exchange(true, ordering: .sequentiallyConsistent) { places.leave(key) }
    }

    deinit { leave() }
}
