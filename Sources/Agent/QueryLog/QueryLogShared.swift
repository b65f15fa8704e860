import Domain
import Platform
import Synchronization

/// What the draining thread, which writes, and the keeper, which syncs and compresses, tell each other. Held for
/// moments only, never across I/O.
final class QueryLogShared: Sendable {
    private struct State {
        var status = QueryLogStatus()
        var today: CalendarDate
        var writing: QueryLogName?
        var toSync: [AppendFile] = []
        var isRotated = false
        var trouble: [Trouble: String] = [:]
    }

    /// Each has its own way to end: the last error is told until then.
    enum Trouble: CaseIterable { case writing, syncing, packing, keeping }

    private let state: Mutex<State>
    let metrics: Metrics
    /// The keeper waits for it.
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

    /// The file that is written to. Said before the file is made, so that the keeper never takes it for a
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

    /// A file was finished and not looked after yet.
    var isRotated: Bool { state.withLock { $0.isRotated } }

    func takeRotated() -> Bool {
        state.withLock { state in
            defer { state.isRotated = false }
            return state.isRotated
        }
    }

    /// Bytes were added: they are to be synced. At most two files wait, the present and the one before.
    func added(_ file: AppendFile, lines: Int64) {
        state.withLock { state in
            if !state.toSync.contains(where: { $0 === file }) { state.toSync.append(file) }
            state.status.linesToday += lines
        }
        metrics.add("chot_agent_query_log_lines_total", "", lines)
    }

    /// When there is something for it to do: an idle agent wakes it not at all.
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

    /// Lines of today that a former run wrote.
    func found(lines: Int64, of date: CalendarDate) {
        state.withLock { if $0.today == date { $0.status.linesToday += lines } }
    }

    func saw(bytes: Int, oldest: CalendarDate?) {
        state.withLock {
            $0.status.bytesOnDisk = Int64(bytes)
            $0.status.oldest = oldest
        }
    }

    /// True when it is new: told once until it is over.
    func isTrouble(_ kind: Trouble, _ error: any Error) -> Bool {
        metrics.add("chot_agent_query_log_errors_total")
        return state.withLock { $0.trouble.updateValue("\(error)", forKey: kind) == nil }
    }

    /// True when it was in trouble.
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
