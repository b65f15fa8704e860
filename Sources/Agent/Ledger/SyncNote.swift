import Platform
import Synchronization

/// Since when what was counted is not on the disk yet, and why. Thread-safe.
final class SyncNote: Sendable {
    /// Monotonic milliseconds at which all that was counted was on the disk; and what went wrong since.
    private let state = Mutex<(at: Int64, trouble: String?)>((MonotonicClock.milliseconds(), nil))

    func isSynced() { state.withLock { $0 = (MonotonicClock.milliseconds(), nil) } }

    func failed(_ error: any Error) { state.withLock { $0.trouble = "\(error)" } }

    /// How much a power loss could cost; about a second when all is well.
    var ageMilliseconds: Int64 { state.withLock { MonotonicClock.milliseconds() - $0.at } }
    var trouble: String? { state.withLock { $0.trouble } }
}
