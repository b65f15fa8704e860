import Domain
import Platform
import Synchronization

/// The thread that follows the logs of one system, about five times a second.
final class LogThread: Sendable {
    static let everyMilliseconds: Int64 = 200

    private let thread: RunningThread
    private let stopping: StopFlag

    private final class StopFlag: Sendable {
        let wake = WakeEvent()
        let isSet = Atomic<Bool>(false)
    }

    init(_ logs: FollowedLogs, into checkpoint: Checkpoint, metrics: Metrics) {
        let flag = StopFlag()
        stopping = flag
        thread = RunningThread(name: "logs") {
            var isTold = false
            while true {
                // After the stop the logs are read once more, so that the last interval is complete.
                let isLast = flag.isSet.load(ordering: .sequentiallyConsistent)
                do {
                    try logs.count(into: checkpoint)
                    logs.setCountingTrouble(nil)
                    isTold = false
                } catch {
                    logs.setCountingTrouble("\(error)")
                    if !isTold {
                        metrics.add("chot_agent_storage_errors_total")
                        Log.error("\(error)", ["log": "\(logs.status.map(\.path))"])
                    }
                    isTold = true
                }
                if isLast { return }
                flag.wake.wait(milliseconds: Self.everyMilliseconds)
            }
        }
    }

    /// Stops the thread. Call it before the last interval is cut.
    func stop() {
        stopping.isSet.store(true, ordering: .sequentiallyConsistent)
        stopping.wake.signal()
        thread.join()
    }
}
