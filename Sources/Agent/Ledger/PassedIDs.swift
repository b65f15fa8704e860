/// Ids that passed unchecked and were counted as such: a query that the gateway gave up may still lie in the
/// agent's socket. Of this run, since sockets end with the agent; the last 10 minutes, at most 8,192.
struct PassedIDs {
    /// Longer than any query lies in a socket.
    static let keptMilliseconds: Int64 = 600_000
    /// Of each of the two sets.
    static let countMax = 4096

    private var recent: Set<RequestID> = []
    private var former: Set<RequestID> = []
    /// Since when `recent` is filled.
    private var since: Int64 = 0

    /// Looked at for every query: nothing to compare while nothing passed.
    func contains(_ id: RequestID) -> Bool {
        guard !recent.isEmpty || !former.isEmpty else { return false }
        return recent.contains(id) || former.contains(id)
    }

    mutating func insert(_ id: RequestID, at monotonic: Int64) {
        forget(at: monotonic)
        if recent.count >= Self.countMax { turn(at: monotonic) }
        if recent.isEmpty { since = monotonic }
        recent.insert(id)
    }

    /// Drops what is older than `keptMilliseconds`, to within as much again.
    mutating func forget(at monotonic: Int64) {
        guard monotonic - since >= Self.keptMilliseconds, !recent.isEmpty || !former.isEmpty
        else { return }
        turn(at: monotonic)
    }

    private mutating func turn(at monotonic: Int64) {
        former = recent
        recent = []
        since = monotonic
    }
}
