import CollectorStore
import Platform

extension Delivery {
    /// Reads what agents are to hold. If that fails, it is logged and tried again later, so that agents get what was
    /// signed.
    package func refresh(from store: any Store, _ metrics: Metrics) {
        do { try store.read { try refresh($0) } } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot read the lock sets; it is tried again", ["error": error])
        }
    }
}
