import Domain
import Platform
import Synchronization

/// The agency's own log of accesses (docs/domain.md#l8): one line a query in `STATE/log`. Subjects stand in it as
/// keyed hashes, officers not at all. Format: docs/store-format.md.
///
/// It stays off the hot path: sightings come from a bounded queue, on one thread. Lines are written at each tick and
/// synced right after by a thread of its own, so `kill -9` costs at most the queue and about a second, and a power
/// loss about a second more. When the disk takes nothing, lines are dropped, counted and marked; the counts of
/// queries are not affected.
final class QueryLog: SightingConsumer {
    // Only the draining thread takes it, so nobody waits while it writes to the disk.
    private let writer: Mutex<QueryLogWriter>
    private let shared: QueryLogShared
    private let keeper: QueryLogKeeper

    /// Never fails: what cannot be opened is tried again at each tick and told by `status`. `gzip` is the program's
    /// absolute path; `disk` and `now` are the system's, or a test's.
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

    /// Counts lost sightings as dropped, and marks the loss in the log.
    func noteLost(_ count: Int64) {
        writer.withLock { $0.lose(count) }
    }

    var status: QueryLogStatus { shared.status }
}
