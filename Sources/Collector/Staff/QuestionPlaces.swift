import Synchronization

/// How many of the admin socket's threads those may hold who only look: the others are for locks.
final class QuestionPlaces: Sendable {
    package static let countMax = 2

    private let taken = Atomic<Int>(0)

    /// False when there is none; else to be given back.
    package func take() -> Bool {
        if taken.add(1, ordering: .relaxed).newValue <= Self.countMax { return true }
        give()
        return false
    }

    package func give() { taken.subtract(1, ordering: .relaxed) }
}
