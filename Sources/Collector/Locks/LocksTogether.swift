import Domain

/// What the locks of one transaction have in common, done once at its end instead of once a lock: the sets that are to be
/// signed anew, and the windows whose evidence is to be kept. Ten thousand accounts of one system that are locked in one
/// push are one set. Touched by the one thread that has the writer.
final class LocksTogether {
    struct Window: Hashable {
        let system: SystemCode
        let from: Timestamp
    }

    var audiences: Set<Audience> = []
    var windows: Set<Window> = []
    /// Bytes that a set has, or will have with the locks made meanwhile.
    var sizes: [Audience: Int] = [:]

    func take(_ other: LocksTogether) {
        audiences.formUnion(other.audiences)
        windows.formUnion(other.windows)
        sizes.merge(other.sizes) { max($0, $1) }
    }
}
