import Domain
import Platform

/// Something that evidence does not bear out: a summary that is not as it was signed, a broken link, or a total that
/// differs from what was signed.
package struct EvidenceFinding: Codable, Hashable {
    /// The agent, or the system of a total.
    package var agent: String
    package var epoch: Int64?
    package var seq: Int64?
    /// `missing`, `unreadable`, `hash`, `signature`, `content`, `chain`, `total`.
    package var what: String
    package var vi: String
    package var en: String

    package static let columns = ["agent", "epoch", "seq", "what", "detail"]

    package func cells(_ language: Language) -> [String] {
        [
            shown(agent), epoch.map(String.init) ?? "", seq.map(String.init) ?? "", what,
            language == .vi ? vi : en,
        ]
    }
}

/// What was checked and what was found, for some systems or all.
package struct EvidenceCheckResult: Codable, Hashable {
    /// At most so many findings are listed; the others are counted.
    static let findingsMax = 1000

    package var systems = 0
    package var agents = 0
    package var summaries = 0
    package var quarantined = 0
    package var rows = 0
    package var totals = 0
    package var findings: [EvidenceFinding] = []
    package var found = 0
    /// What is no longer kept, or never was, so that it cannot be checked.
    package var uncheckable: [Localized] = []

    package init(
        systems: Int = 0, agents: Int = 0, summaries: Int = 0, quarantined: Int = 0, rows: Int = 0,
        totals: Int = 0, findings: [EvidenceFinding] = [], found: Int = 0,
        uncheckable: [Localized] = []
    ) {
        self.systems = systems
        self.agents = agents
        self.summaries = summaries
        self.quarantined = quarantined
        self.rows = rows
        self.totals = totals
        self.findings = findings
        self.found = found
        self.uncheckable = uncheckable
    }

    package mutating func add(_ finding: EvidenceFinding) {
        found += 1
        if findings.count < Self.findingsMax { findings.append(finding) }
    }

    package mutating func add(_ other: EvidenceCheckResult) {
        systems += other.systems
        agents += other.agents
        summaries += other.summaries
        quarantined += other.quarantined
        rows += other.rows
        totals += other.totals
        found += other.found
        findings += other.findings.prefix(max(0, Self.findingsMax - findings.count))
        uncheckable += other.uncheckable.prefix(max(0, Self.findingsMax - uncheckable.count))
    }
}
