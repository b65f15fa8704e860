import CollectorBackups
import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform

/// Imports one whole registry file within a transaction that is already open, and asks nothing: for invented nations.
/// Staff import through `RegistryStaging`, which holds the writer for short steps only.
struct RegistryImport {
    package typealias Outcome = RegistryPlan.Outcome

    package let records: Records
    package let replaces: Bool

    package func run(_ kind: RegistryKind, file: String, text: String) throws -> Outcome {
        let source = try RegistrySource(file: file, text: text)
        let plan = try RegistryPlanner(records: records, replaces: replaces).plan(
            kind, source, known: RegisteredPlaces(records))
        guard !plan.changes.isEmpty else { return plan.outcome }
        let number = try records.beginRegistration(plan, by: "-", at: .now)
        for change in plan.changes {
            if kind.hasRegistrations {
                try records.stage(change, kind, number)
            } else {
                try records.apply(change, kind)
            }
        }
        try records.makeCurrent(number, touching: plan.places, at: .now)
        return plan.outcome
    }
}
