import CollectorValues
import Domain

/// Collects what the locks of one transaction have in common and what is done once at its end: signing the sets, and
/// keeping the evidence of windows. Ten thousand accounts of one system that one push locks are then one set. Not
/// thread-safe: only the thread that has the writer uses it.
package final class LocksTogether {
    package struct Window: Hashable {
        package let system: SystemCode
        package let from: Timestamp
    }

    package var audiences: Set<Audience> = []
    package var windows: Set<Window> = []
    /// The size in bytes of each set, including the locks made meanwhile.
    package var sizes: [Audience: Int] = [:]

    /// The most breaches for which one transaction alerts or locks. An agent may tell thousands in one summary, and
    /// each makes an alert, a lock, its context and its notifications. The rest is judged in the next transactions.
    package static let actsMax = 200
    package var acts = 0
    /// Quotas that are judged later.
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
