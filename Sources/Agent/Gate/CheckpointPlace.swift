import Synchronization

/// Where a system's checkpoint stands once its orders are held; empty before that. Filled once, read without
/// a lock by every query.
final class CheckpointPlace: Sendable {
    private let reference = AtomicLazyReference<Checkpoint>()

    init(_ checkpoint: Checkpoint? = nil) {
        if let checkpoint { fill(checkpoint) }
    }

    var checkpoint: Checkpoint? { reference.load() }

    func fill(_ checkpoint: Checkpoint) { _ = reference.storeIfNil(checkpoint) }
}
