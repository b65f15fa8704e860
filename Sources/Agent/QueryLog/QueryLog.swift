import Domain
import Platform
import Synchronization

/// The agency's own log of accesses (docs/domain.md#l8): one line a query in
/// `STATE/log`, subjects as keyed hashes, officers not at all. Format: docs/store-format.md.
///
/// Off the hot path: sightings come from a bounded queue, on one thread. Written at each tick, synced right after by a
/// thread of its own, so `kill -9` costs at most what is in the queue and about a second, a power loss about a second
/// more. When the disk takes nothing, lines are dropped, counted and marked; counting is not touched.
final class QueryLog: SightingConsumer {
    // Held by the draining thread alone: nobody waits for it, so its writes to the disk may happen under it.
    private let writer: Mutex<QueryLogWriter>
    private let shared: QueryLogShared
    private let keeper: QueryLogKeeper

    /// Never fails: what cannot be opened is tried again at each tick and told by `status`. `gzip`: the whole path
    /// of the program; `disk`, `now`: the system's, or a test's.
    init(
        state: String, settings: QueryLogSettings, metrics: Metrics, gzip: String = "/usr/bin/gzip",
        disk: QueryLogDisk = QueryLogDisk(),
        now: @escaping @Sendable () -> Timestamp = {
            Timestamp(milliseconds: WallClock.milliseconds())
        }
    ) {
        QueryLogShared.declare(metrics)
        let shared = QueryLogShared(metrics: metrics, today: now().date)
        self.shared = shared
        writer = Mutex(
            QueryLogWriter(
                state: state, settings: settings, shared: shared, at: now(), disk: disk))
        keeper = QueryLogKeeper(
            folder: QueryLogFolder(state: state), settings: settings, shared: shared, gzip: gzip,
            now: now)
        metrics.gauge("chot_agent_query_log_bytes", "Bytes of all files of the local query log.") {
            shared.status.bytesOnDisk
        }
    }

    func note(_ sighting: Sighting) {
        writer.withLock { $0.note(sighting) }
    }

    func tick(at now: Timestamp, isLast: Bool) {
        writer.withLock { $0.tick(at: now) }
        shared.wakeKeeper()
        if isLast { keeper.stop() }
    }

    /// Counted as dropped, and marked in the log.
    func noteLost(_ count: Int64) {
        writer.withLock { $0.lose(count) }
    }

    var status: QueryLogStatus { shared.status }
}
