import Platform
import Synchronization

/// Notes since when counts are not on the disk yet, and why. Thread-safe.
final class SyncNote: Sendable {
    /// When everything counted was on the disk, in monotonic milliseconds, and what went wrong since.
    private let state = Mutex<(at: Int64, trouble: String?)>((MonotonicClock.milliseconds(), nil))

    func isSynced() { state.withLock { $0 = (MonotonicClock.milliseconds(), nil) } }

    func failed(_ error: any Error) { state.withLock { $0.trouble = "\(error)" } }

    /// How much counting a power loss could cost, in milliseconds; about a second when all is well.
    var ageMilliseconds: Int64 { state.withLock { MonotonicClock.milliseconds() - $0.at } }
    var trouble: String? { state.withLock { $0.trouble } }
}
