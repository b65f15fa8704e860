import CollectorStore
import Platform
import Synchronization

/// Tells systemd, from a thread of its own, that the process makes progress. It waits for nothing, neither the store
/// nor anybody's work: the working threads write down what it looks at.
final class Watchdog: Sendable {
    /// How many milliseconds the main loop, which does nothing that can block, may be silent.
    static let loopMilliseconds: Int64 = 30_000
    /// How many milliseconds one transaction may take: far more than any takes on a slow disk, or while another program
    /// holds the database.
    static let transactionMilliseconds: Int64 = 300_000

    private let activity: WriterActivity
    private let lastBeat = Atomic<Int64>(MonotonicClock.milliseconds())
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)

    init(_ activity: WriterActivity) { self.activity = activity }

    /// Called each time the main loop goes round.
    func beat() { lastBeat.store(MonotonicClock.milliseconds(), ordering: .relaxed) }

    /// Says why the process is stuck; nil if it is not.
    func problem(at now: Int64 = MonotonicClock.milliseconds()) -> String? {
        if now - lastBeat.load(ordering: .relaxed) > Self.loopMilliseconds {
            return "the main loop stands still"
        }
        if activity.busy(at: now) > Self.transactionMilliseconds {
            return "a transaction does not end"
        }
        return nil
    }

    func start() -> RunningThread {
        let pause = min(1000, (Systemd.watchdogMilliseconds ?? 4000) / 4)
        return RunningThread(name: "watchdog") { [self] in
            var isTold = false
            while !stopping.load(ordering: .sequentiallyConsistent) {
                if let problem = problem() {
                    if !isTold { Log.error("systemd is told nothing", ["why": problem]) }
                    isTold = true
                } else {
                    isTold = false
                    Systemd.notify("WATCHDOG=1")
                }
                wake.wait(milliseconds: max(100, pause))
            }
        }
    }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }
}
