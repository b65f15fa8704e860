import CollectorValues
import Domain
import Synchronization

/// That of one agent one body of a kind is under way: taken with the head of its request, before a byte of the body is kept,
/// left with the answer. However many connections an agent opens, it has one share of the room for bodies and of
/// the threads that read them. Thread-safe.
package final class PushPlaces: Sendable {
    package struct Key: Hashable, Sendable {
        package let agent: AgentID
        /// The endpoint: an agent may well tell of its sketch while a push of it is counted.
        package let path: String
    }

    private let taken = Mutex<Set<Key>>([])

    /// Nil: one of the agent's is under way.
    package func take(_ agent: AgentID, _ path: String) -> PushPlace? {
        let key = Key(agent: agent, path: path)
        return taken.withLock { $0.insert(key).inserted } ? PushPlace(key, self) : nil
    }

    fileprivate func leave(_ key: Key) { taken.withLock { _ = $0.remove(key) } }
}

/// Left when it is released, as where its connection ends in the middle of the body. An answer leaves it before it is
/// sent: its agent may come again at once.
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
