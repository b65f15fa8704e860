import Synchronization

/// Limits how many of the admin socket's threads may answer mere questions; the others are for locks. Thread-safe.
final class QuestionPlaces: Sendable {
    package static let countMax = 2

    private let taken = Atomic<Int>(0)

    /// Returns false if no place is free; else the place must be given back.
    package func take() -> Bool {
        if taken.add(1, ordering: .relaxed).newValue <= Self.countMax { return true }
        give()
        return false
    }

    package func give() { taken.subtract(1, ordering: .relaxed) }
}
