import CollectorStore
import Domain
import Platform
import Wire

/// Takes the key of yesterday out of every policy within the first hour of a date, one system after the other, and
/// destroys old keys and sketches. Used by the thread of upkeep.
package struct KeyRotation {
    /// Sketches, of up to some hundred kilobytes each, that are deleted in one transaction.
    private static let sketchesMax = 20

    package let store: any Store
    package let policies: PolicyPublisher
    package let metrics: Metrics
    /// To here all systems' policies carry the keys they should.
    private var doneTo: Timestamp
    private var prunedHour: Timestamp?

    package init(store: any Store, policies: PolicyPublisher, metrics: Metrics, since: Timestamp) {
        (self.store, self.policies, self.metrics) = (store, policies, metrics)
        doneTo = since
    }

    /// Called every few seconds; does something in the first hour of a date, and once an hour.
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
