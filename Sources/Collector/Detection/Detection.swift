import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Finds what a counted summary shows; one file a rule. Use inside the intake's transaction.
package struct Detection {
    package let records: Records
    package let book: LockBook
    package let config: CollectorConfig
    package let system: SystemRecord
    /// The system's terms without its lists of accounts and services.
    package let policy: Policy
    package let now: Timestamp

    package init(
        records: Records, book: LockBook, config: CollectorConfig, system: SystemRecord,
        policy: Policy, now: Timestamp
    ) {
        self.records = records
        self.book = book
        self.config = config
        self.system = system
        self.policy = policy
        self.now = now
    }

    package var calendar: OfficeCalendar { policy.calendar }

    package func examine(_ summary: Summary) throws {
        let source = EvidenceReference(agent: summary.agent, epoch: summary.epoch, seq: summary.seq)
        try examineVolumes(summary, source)
        try examineUnregistered(summary, source)
        try examineRates(summary, source)
        try examineOfficers(summary, source)
        try examinePersons(summary, system, source)
    }

    package func setting(_ rule: RuleID) -> RuleSetting { policy.setting(rule) }

    package func words(_ more: [String: Localized] = [:]) -> [String: Localized] {
        var words = more
        words["system_name"] = .same(system.name)
        words["unit_name"] = .same(system.unitName)
        words["contact"] = config.contact
        return words
    }
}
