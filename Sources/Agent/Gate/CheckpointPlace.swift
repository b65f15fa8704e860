import Synchronization

/// Holds a system's checkpoint and its features once the orders are there; empty before that. It is filled once, and
/// every query reads it without a lock.
final class CheckpointPlace: Sendable {
    private let reference = AtomicLazyReference<Checkpoint>()
    private let tracker = AtomicLazyReference<FeatureTracker>()

    init(_ checkpoint: Checkpoint? = nil) {
        if let checkpoint { fill(checkpoint) }
    }

    var checkpoint: Checkpoint? { reference.load() }
    /// The asker of the checkpoint notes the features itself: a copy for another thread would cost as much as the work.
    var features: FeatureTracker? { tracker.load() }

    func fill(_ checkpoint: Checkpoint, _ features: FeatureTracker? = nil) {
        if let features { _ = tracker.storeIfNil(features) }
        _ = reference.storeIfNil(checkpoint)
    }
}
