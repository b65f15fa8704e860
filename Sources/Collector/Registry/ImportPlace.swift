import Synchronization

/// One import at a time. Thread-safe.
final class ImportPlace: Sendable {
    private let isTaken = Mutex(false)

    /// False: another import is under way.
    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    func give() { isTaken.withLock { $0 = false } }
}
