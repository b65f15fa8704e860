import CollectorValues
import Domain

/// What the locks of one transaction have in common, done once at its end instead of once a lock: the sets that are to be
/// signed anew, and the windows whose evidence is to be kept. Ten thousand accounts of one system that are locked in one
/// push are one set. Touched by the one thread that has the writer.
package final class LocksTogether {
    package struct Window: Hashable {
        package let system: SystemCode
        package let from: Timestamp
    }

    package var audiences: Set<Audience> = []
    package var windows: Set<Window> = []
    /// Bytes that a set has, or will have with the locks made meanwhile.
    package var sizes: [Audience: Int] = [:]

    /// Breaches that one transaction alerts or locks for: an agent may tell of thousands in one summary, and each of them
    /// is an alert, a lock, its context and its notifications. What is beyond is judged in the next transactions.
    package static let actsMax = 200
    package var acts = 0
    /// By system and quota: judged later.
    package var later: [Overdue.Key: Overdue] = [:]

    package init() {}

    package func take(_ other: LocksTogether) {
        audiences.formUnion(other.audiences)
        windows.formUnion(other.windows)
        acts = max(acts, other.acts)
        later.merge(other.later) { $0.with($1) }
        sizes.merge(other.sizes) { max($0, $1) }
    }
}
