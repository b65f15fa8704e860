import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Brings a plan into force without holding the writer for long. Rows are staged in short steps that stay invisible and
/// let everybody else go first; then one number changes. If anything fails, even by a crash, the lists stay as they
/// were.
package struct RegistryStaging {
    /// The rows of a step, which takes some milliseconds of the writer.
    package static let rowsMax = 500

    package let store: any Store
    package let who: String

    package init(
        store: any Store, who: String
    ) {
        self.store = store
        self.who = who
    }

    /// The registry changed between the check and the step, so the plan must be made again.
    package struct Moved: Error {}

    package func apply(_ plan: RegistryPlan) throws {
        let now = Timestamp.now
        guard !plan.changes.isEmpty else {
            try store.write { try $0.audit(who, "registry.import", plan.file, "+0 ~0 -0", at: now) }
            return
        }
        let (number, key) = try store.write(as: .background) { records in
            try check(plan, records)
            return (
                try records.beginRegistration(plan, by: who, at: now), try records.personalKey()
            )
        }
        do {
            let entry = try RegistryAudit(plan: plan, registration: number, key: key).text
            let places = plan.places
            if plan.kind.hasRegistrations { try stage(plan, number) }
            try store.write { records in
                try check(plan, records)
                if !plan.kind.hasRegistrations {
                    for change in plan.changes { try records.apply(change, plan.kind) }
                }
                try records.makeCurrent(number, touching: places, at: .now)
                try records.audit(who, "registry.import", plan.file, entry, at: .now)
            }
        } catch {
            // What cannot be cleared now is cleared before the next import, or at the next start.
            try? Self.clear(store)
            throw error
        }
    }

    private func stage(_ plan: RegistryPlan, _ number: Int64) throws {
        var rest = plan.changes[...]
        while !rest.isEmpty {
            let step = rest.prefix(Self.rowsMax)
            rest = rest.dropFirst(Self.rowsMax)
            try store.write(as: .background) { records in
                try check(plan, records)
                for change in step { try records.stage(change, plan.kind, number) }
            }
        }
    }

    private func check(_ plan: RegistryPlan, _ records: Records) throws {
        guard try records.registration() == plan.base else { throw Moved() }
    }

    /// Deletes what was staged and never came into force.
    package static func clear(_ store: any Store) throws {
        while try store.write(as: .background, { try $0.clearStaged(limit: rowsMax) }) > 0 {}
    }
}
