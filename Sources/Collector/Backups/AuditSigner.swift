import CollectorStore
import Platform
import Synchronization
import Wire

/// Signs the end of the audit log, so that cutting it short shows: after every command of staff, and a few seconds
/// after entries by rules and agents. Thread-safe.
package final class AuditSigner: Sendable {
    private let head: AuditHead
    private let store: any Store
    private let metrics: Metrics
    /// Commands run on several threads, but there is one file.
    private let signing = Mutex<Void>(())

    package init(state: String, key: Ed25519PrivateKey, store: any Store, metrics: Metrics) {
        head = AuditHead(folder: state, key: key)
        (self.store, self.metrics) = (store, metrics)
    }

    package func sign() {
        do {
            let isRight = try signing.withLock { _ in try store.read { try head.renew($0) } }
            if !isRight { metrics.add("chot_collector_refused_total", "why=\"audit\"") }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot sign the head of the audit log; it is tried again", ["error": error])
        }
    }
}
