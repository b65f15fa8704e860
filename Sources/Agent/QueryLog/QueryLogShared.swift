import Domain
import Platform
import Synchronization

/// What the draining thread, which writes, and the keeper, which syncs and compresses, tell each other. The lock is
/// held for moments only, never across I/O.
final class QueryLogShared: Sendable {
    private struct State {
        var status = QueryLogStatus()
        var today: CalendarDate
        var writing: QueryLogName?
        var toSync: [AppendFile] = []
        var isRotated = false
        var trouble: [Trouble: String] = [:]
    }

    /// The kinds of trouble. Each ends in its own way; its last error is told until then.
    enum Trouble: CaseIterable { case writing, syncing, packing, keeping }

    private let state: Mutex<State>
    let metrics: Metrics
    /// The keeper waits for this event.
    let wake = WakeEvent()

    init(metrics: Metrics, today: CalendarDate) {
        state = Mutex(State(today: today))
        self.metrics = metrics
    }

    var status: QueryLogStatus {
        state.withLock { state in
            var status = state.status
            let trouble = state.trouble
            status.lastError = Trouble.allCases.compactMap { trouble[$0] }.first
            return status
        }
    }

    /// Names the file that is written to. It is named before it is made, so that the keeper never takes it for a
    /// finished one; a file that was once left is never written to again.
    func begin(_ name: QueryLogName) {
        state.withLock {
            if $0.writing != name { $0.isRotated = true }
            $0.writing = name
            if $0.today != name.date {
                $0.today = name.date
                $0.status.linesToday = 0
            }
        }
        wake.signal()
    }

    var writing: QueryLogName? { state.withLock { $0.writing } }

    /// Whether a file was finished and the keeper has not looked after it yet.
    var isRotated: Bool { state.withLock { $0.isRotated } }

    func takeRotated() -> Bool {
        state.withLock { state in
            defer { state.isRotated = false }
            return state.isRotated
        }
    }

    /// Notes added bytes, which must be synced. At most two files wait: the present one and the one before.
    func added(_ file: AppendFile, lines: Int64) {
        state.withLock { state in
            if !state.toSync.contains(where: { $0 === file }) { state.toSync.append(file) }
            state.status.linesToday += lines
        }
        metrics.add("chot_agent_query_log_lines_total", "", lines)
    }

    /// Wakes the keeper when there is something to do, so that an idle agent does not wake it at all.
    func wakeKeeper() {
        if state.withLock({ !$0.toSync.isEmpty }) { wake.signal() }
    }

    func takeToSync() -> [AppendFile] {
        state.withLock { state in
            defer { state.toSync = [] }
            return state.toSync
        }
    }

    func dropped(_ lines: Int64) {
        state.withLock { $0.status.dropped += lines }
        metrics.add("chot_agent_query_log_dropped_total", "", lines)
    }

    /// Adds lines of today that an earlier run wrote.
    func found(lines: Int64, of date: CalendarDate) {
        state.withLock { if $0.today == date { $0.status.linesToday += lines } }
    }

    func saw(bytes: Int, oldest: CalendarDate?) {
        state.withLock {
            $0.status.bytesOnDisk = Int64(bytes)
            $0.status.oldest = oldest
        }
    }

    /// Returns true when the trouble is new, so that it is reported once until it is over.
    func isTrouble(_ kind: Trouble, _ error: any Error) -> Bool {
        metrics.add("chot_agent_query_log_errors_total")
        return state.withLock { $0.trouble.updateValue("\(error)", forKey: kind) == nil }
    }

    /// Returns true when there was trouble until now.
    @discardableResult
    func isWell(_ kind: Trouble) -> Bool {
        state.withLock { $0.trouble.removeValue(forKey: kind) != nil }
    }

    static func declare(_ metrics: Metrics) {
        metrics.declare(
            "chot_agent_query_log_lines_total", "Lines written to the local query log.")
        metrics.declare(
            "chot_agent_query_log_dropped_total",
            "Lines of the local query log that could not be written; the queries were counted.")
        metrics.declare(
            "chot_agent_query_log_errors_total",
            "Failures to write, sync, compress or prune the local query log.")
        metrics.declare(
            "chot_agent_query_log_early_deletions_total",
            "Files of the local query log deleted before their time, for its size.")
    }
}
