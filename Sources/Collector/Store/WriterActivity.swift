import Platform
import Synchronization

/// What the writer did, by priority, for metrics and the watchdog. Thread-safe.
package final class WriterActivity: Sendable {
    package struct Figures: Sendable {
        /// Transactions that succeeded.
        var transactions: Int64 = 0
        package var failed: Int64 = 0
        package var rows: Int64 = 0
        /// The longest wait and the longest transaction, in milliseconds.
        var longestWait: Int64 = 0
        var longestTransaction: Int64 = 0
        var waited: Int64 = 0
    }

    private struct State {
        var figures = [Figures](repeating: Figures(), count: WritePriority.allCases.count)
        /// When the running transaction began, in monotonic milliseconds; nil if none is running.
        var since: Int64?
    }

    private let state = Mutex(State())

    package subscript(priority: WritePriority) -> Figures {
        state.withLock { $0.figures[priority.rawValue] }
    }

    /// How long the running transaction has taken, in milliseconds; 0 if none is running.
    package func busy(at now: Int64 = MonotonicClock.milliseconds()) -> Int64 {
        state.withLock { $0.since.map { max(0, now - $0) } ?? 0 }
    }

    func began(_ priority: WritePriority, asked: Int64) {
        let now = MonotonicClock.milliseconds()
        state.withLock { state in
            state.since = now
            state.figures[priority.rawValue].waited += now - asked
            state.figures[priority.rawValue].longestWait = max(
                state.figures[priority.rawValue].longestWait, now - asked)
        }
    }

    package func ended(_ priority: WritePriority, rows: Int64, isDone: Bool) {
        let now = MonotonicClock.milliseconds()
        state.withLock { state in
            let took = now - (state.since ?? now)
            state.since = nil
            state.figures[priority.rawValue].longestTransaction = max(
                state.figures[priority.rawValue].longestTransaction, took)
            if isDone {
                state.figures[priority.rawValue].transactions += 1
                state.figures[priority.rawValue].rows += rows
            } else {
                state.figures[priority.rawValue].failed += 1
            }
        }
    }

    package func declare(_ metrics: Metrics) {
        let shown: [(String, String, @Sendable (Figures) -> Int64)] = [
            ("transactions", "Transactions that ended well", { $0.transactions }),
            ("failed", "Transactions that were undone", { $0.failed }),
            ("rows", "Rows written", { $0.rows }),
            ("waited_milliseconds", "How long writers waited, added up", { $0.waited }),
            ("longest_wait_milliseconds", "The longest wait since the start", { $0.longestWait }),
            (
                "longest_transaction_milliseconds", "The longest transaction since the start",
                { $0.longestTransaction }
            ),
        ]
        for (name, help, value) in shown {
            for priority in WritePriority.allCases {
                metrics.labelled("class=\"\(priority)\"").gauge(
                    "chot_collector_writer_\(name)", help + ", by class."
                ) { [self] in value(self[priority]) }
            }
        }
    }
}
