import Synchronization

/// Where a system's checkpoint and its features stand once its orders are held; empty before that. Filled once, read
/// without a lock by every query.
final class CheckpointPlace: Sendable {
    private let reference = AtomicLazyReference<Checkpoint>()
    private let tracker = AtomicLazyReference<FeatureTracker>()

    init(_ checkpoint: Checkpoint? = nil) {
        if let checkpoint { fill(checkpoint) }
    }

    var checkpoint: Checkpoint? { reference.load() }
    /// Noted by whoever asks the checkpoint: a copy for another thread would cost as much as the work itself.
    var features: FeatureTracker? { tracker.load() }

    func fill(_ checkpoint: Checkpoint, _ features: FeatureTracker? = nil) {
        if let features { _ = tracker.storeIfNil(features) }
        _ = reference.storeIfNil(checkpoint)
    }
}
