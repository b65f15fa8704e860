import Synchronization

/// One import at a time. Thread-safe.
package final class ImportPlace: Sendable {

    package init() {}
    private let isTaken = Mutex(false)

    /// False: another import is under way.
    package func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    package func give() { isTaken.withLock { $0 = false } }
}
