import Domain
import Platform
import Wire

/// What a counted summary shows; one file a rule. Use inside the intake's transaction.
struct Detection {
    let records: Records
    let book: LockBook
    let config: CollectorConfig
    let system: SystemRecord
    /// The system's terms without its lists of accounts and services.
    let policy: Policy
    let now: Timestamp

    var calendar: OfficeCalendar { policy.calendar }

    func examine(_ summary: Summary) throws {
        let source = EvidenceReference(agent: summary.agent, epoch: summary.epoch, seq: summary.seq)
        try examineVolumes(summary, source)
        try examineUnregistered(summary, source)
        try examineRates(summary, source)
        try examineOfficers(summary, source)
        try examinePersons(summary, system, source)
    }

    func setting(_ rule: RuleID) -> RuleSetting { policy.setting(rule) }

    func words(_ more: [String: Localized] = [:]) -> [String: Localized] {
        var words = more
        words["system_name"] = .same(system.name)
        words["unit_name"] = .same(system.unitName)
        words["contact"] = config.contact
        return words
    }
}
