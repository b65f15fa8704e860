import Domain
import Platform

/// One thing that evidence does not bear out: a summary that is not as it was signed, a link that is broken, a total that
/// is another than what was signed.
struct EvidenceFinding: Codable, Hashable {
    /// An agent, or for a total its system.
    var agent: String
    var epoch: Int64?
    var seq: Int64?
    /// `missing`, `unreadable`, `hash`, `signature`, `content`, `chain`, `total`.
    var what: String
    var vi: String
    var en: String

    static let columns = ["agent", "epoch", "seq", "what", "detail"]

    func cells(_ language: Language) -> [String] {
        [
            shown(agent), epoch.map(String.init) ?? "", seq.map(String.init) ?? "", what,
            language == .vi ? vi : en,
        ]
    }
}

/// What was checked and what was found, of some systems or of all.
struct EvidenceCheckResult: Codable, Hashable {
    /// As many findings are told; the others are counted.
    static let findingsMax = 1000

    var systems = 0
    var agents = 0
    var summaries = 0
    var quarantined = 0
    var rows = 0
    var totals = 0
    var findings: [EvidenceFinding] = []
    var found = 0
    /// What is no longer kept, or never was: it cannot be checked again.
    var uncheckable: [Localized] = []

    mutating func add(_ finding: EvidenceFinding) {
        found += 1
        if findings.count < Self.findingsMax { findings.append(finding) }
    }

    mutating func add(_ other: EvidenceCheckResult) {
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
