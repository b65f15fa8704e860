import Synchronization

/// Lets one import run at a time. Thread-safe.
package final class ImportPlace: Sendable {

    package init() {}
    private let isTaken = Mutex(false)

    /// Returns false if another import is running.
    package func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    package func give() { isTaken.withLock { $0 = false } }
}
