import CollectorStore
import Platform

extension Delivery {
    /// What was signed is given to agents also when reading it failed just then: it is tried again (simulation, seed 28).
    package func refresh(from store: any Store, _ metrics: Metrics) {
        do { try store.read { try refresh($0) } } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot read the lock sets; it is tried again", ["error": error])
        }
    }
}
