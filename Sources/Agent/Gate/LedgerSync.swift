import Platform
import Synchronization

/// Writes what was counted to the disk about once a second, so that a power loss costs at most that much
/// (docs/domain.md#promise-1). One thread serves the ledgers of all systems, so a slow disk delays no query.
final class LedgerSync: Sendable {
    static let everyMilliseconds: Int64 = 900

    private let thread: RunningThread
    private let stopping: StopFlag

    private final class StopFlag: Sendable {
        let wake = WakeEvent()
        let isSet = Atomic<Bool>(false)
    }

    /// `checkpoints` returns those that count now. It is asked each time, since a system may come later.
    init(checkpoints: @escaping @Sendable () -> [Checkpoint], metrics: Metrics) {
        let flag = StopFlag()
        stopping = flag
        thread = RunningThread(name: "ledger-sync") {
            var synced: [ObjectIdentifier: Checkpoint.SyncMark] = [:]
            while !flag.isSet.load(ordering: .sequentiallyConsistent) {
                flag.wake.wait(milliseconds: Self.everyMilliseconds)
                for checkpoint in checkpoints() {
                    let mark = checkpoint.syncMark
                    guard mark != synced[ObjectIdentifier(checkpoint)] else {
                        checkpoint.syncNote.isSynced()
                        continue
                    }
                    do {
                        try checkpoint.sync()
                        synced[ObjectIdentifier(checkpoint)] = mark
                        checkpoint.syncNote.isSynced()
                    } catch {
                        checkpoint.syncNote.failed(error)
                        metrics.add("chot_agent_storage_errors_total")
                        Log.error("cannot sync the ledger; it is tried again", ["error": error])
                    }
                }
            }
        }
    }

    func stop() {
        stopping.isSet.store(true, ordering: .sequentiallyConsistent)
        stopping.wake.signal()
        thread.join()
    }
}
