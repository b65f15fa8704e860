import CollectorStore
import Domain
import Platform
import Wire

/// Removes yesterday's key from every policy within the first hour of a date, one system after the other, and destroys
/// old keys and sketches. Not thread-safe: used by the upkeep thread.
package struct KeyRotation {
    /// The most sketches, of up to some hundred kilobytes each, that one transaction deletes.
    private static let sketchesMax = 20

    package let store: any Store
    package let policies: PolicyPublisher
    package let metrics: Metrics
    /// Up to this time, the policies of all systems carry the keys they should.
    private var doneTo: Timestamp
    private var prunedHour: Timestamp?

    package init(store: any Store, policies: PolicyPublisher, metrics: Metrics, since: Timestamp) {
        (self.store, self.policies, self.metrics) = (store, policies, metrics)
        doneTo = since
    }

    /// Publishes the policies whose keys of the day have changed since the last call. Once an hour it also destroys old
    /// keys and sketches. Must be called every few seconds.
    package mutating func look(at now: Timestamp) {
        do {
            if now.hourStart != prunedHour {
                while try store.write(
                    as: .background, { try $0.pruneSketches(now: now, countMax: Self.sketchesMax) })
                    > 0
                {}
                prunedHour = now.hourStart
            }
            let from = doneTo
            let due = try store.read { try $0.systems() }.filter { system in
                let place = system.code.rotationPlace
                return DayKey.dates(at: from, place: place) != DayKey.dates(at: now, place: place)
            }
            if !due.isEmpty {
                for system in due.map(\.code) {
                    try store.write(as: .background) { records in
                        guard try records.pendingPolicies(system).isEmpty else { return }
                        try records.markPolicy(system)
                    }
                    try policies.publish(of: [system])
                }
            }
            doneTo = now
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot change the keys of the day; it is tried again", ["error": error])
        }
    }
}
