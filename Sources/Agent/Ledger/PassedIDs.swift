/// The ids of queries that passed unchecked and were counted: a query that the gateway gave up may still lie in the
/// agent's socket. They are of this run, since sockets end with the agent; at most 8,192 of the last 10 to 20 minutes.
struct PassedIDs {
    /// Longer than any query lies in a socket.
    static let keptMilliseconds: Int64 = 600_000
    /// The bound of each of the two sets.
    static let countMax = 4096

    private var recent: Set<RequestID> = []
    private var former: Set<RequestID> = []
    /// When `recent` began to fill, in monotonic milliseconds.
    private var since: Int64 = 0

    /// Asked for every query; it compares nothing while nothing has passed.
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

    /// Drops ids older than `keptMilliseconds`; some stay for up to twice that.
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
