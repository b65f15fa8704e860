import Domain

/// What the collector lacks of the time that a run told of, agent by agent. What lies before belongs to former runs, of
/// which nothing is kept here to be sent again.
struct RunCoverage {
    struct Gap: Equatable {
        let agent: AgentID
        let from: Timestamp
        let to: Timestamp

        var text: String { "\(agent) from \(from) to \(to)" }
    }

    let from: Timestamp
    let to: Timestamp
    private let beginnings: [AgentID: Timestamp]

    /// `to`: to where all was sealed.
    init(_ agents: [FleetAgent], to: Timestamp) {
        beginnings = Dictionary(agents.map { ($0.id, $0.began) }, uniquingKeysWith: min)
        // A collector whose clock is ahead may have enrolled agents after the end of a short run.
        from = min(beginnings.values.min() ?? to, to)
        self.to = to
    }

    /// Of all gaps that the collector knows, what lies in this run.
    func missing(of gaps: [Gap]) -> [Gap] {
        gaps.compactMap { gap in
            guard let began = beginnings[gap.agent] else { return nil }
            let cut = Gap(agent: gap.agent, from: max(gap.from, began), to: min(gap.to, to))
            return cut.from < cut.to ? cut : nil
        }
    }
}
