import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Checks one system's evidence again: signatures, hashes, the chain, and that the totals are the sum of what was
/// signed and counted. It reads page by page, each a short query, and rests as long as each took. Evidence never
/// changes, so pages that are read later still match the totals that were read first.
package struct EvidenceCheck {
    /// The most totals of one system that are held in memory, about 150 bytes each.
    static let totalsMax = 2_000_000
    /// Evidence that is within this time of its deletion may be gone in part.
    static let marginMilliseconds = 2 * Timestamp.millisecondsPerDay

    package let store: any Store
    package let config: CollectorConfig
    package let system: SystemCode
    package let agent: AgentID?
    package let from: Timestamp?
    package let to: Timestamp?
    package let now: Timestamp
    package let gate: EvidenceGate
    package var rest: (_ since: Int64) -> Void = { since in
        let pause = min(max(2, MonotonicClock.milliseconds() - since), 500)
        WakeEvent().wait(milliseconds: pause)
    }

    package init(
        store: any Store, config: CollectorConfig, system: SystemCode, agent: AgentID?,
        from: Timestamp?, to: Timestamp?, now: Timestamp, gate: EvidenceGate
    ) {
        self.store = store
        self.config = config
        self.system = system
        self.agent = agent
        self.from = from
        self.to = to
        self.now = now
        self.gate = gate
    }

    private struct Marks {
        var agents: [AgentRecord] = []
        /// The recorded totals, minus what evidence has told so far.
        var totals: [TotalKey: QueryCounts] = [:]
        var folded = FoldedTotals()
        var spans = TotalSpans(first: 0, end: 0, kept: (nil, nil))
    }

    package func run() throws -> EvidenceCheckResult {
        var result = EvidenceCheckResult(systems: 1)
        var marks = try store.read { try self.marks($0, &result) }
        for agent in marks.agents where self.agent == nil || agent.id == self.agent {
            result.agents += 1
            try check(agent, &marks, &result)
        }
        // One agent's evidence does not explain a whole total.
        guard agent == nil else { return result }
        for (key, left) in marks.folded.unexplained(marks.totals.filter { $0.value != .zero }) {
            result.add(
                EvidenceFinding(
                    agent: system.rawValue, what: "total",
                    vi: total(key, left, .vi), en: total(key, left, .en)))
        }
        return result
    }

    /// Reads the totals as they stand, and how far evidence had come at that moment.
    private func marks(_ records: Records, _ result: inout EvidenceCheckResult) throws -> Marks {
        var marks = Marks()
        marks.agents = try records.agents(ofSystem: system)
        guard agent == nil else { return marks }
        let hour = Timestamp.millisecondsPerHour
        let evidenceFrom = now.advanced(
            byMilliseconds: Self.marginMilliseconds - config.retention.evidenceMilliseconds)
        // Some evidence from before may have been deleted for its age.
        let isPruned = marks.agents.contains { $0.enrolledAt < evidenceFrom }
        let kept = try records.usageKept()
        let first = [
            from.map { ($0.milliseconds + hour - 1) / hour },
            isPruned ? evidenceFrom.milliseconds / hour + 1 : nil,
        ].compactMap { $0 }.max()
        // Without this bound, a question about years in which nobody counted would be asked hour by hour.
        let earliest = (marks.agents.map(\.enrolledAt).min() ?? now).milliseconds / hour - 8766
        marks.spans = TotalSpans(
            first: first.map { max($0, earliest) },
            end: to.map { min($0.milliseconds / hour, now.milliseconds / hour + 48) }, kept: kept)
        if let hoursFrom = kept.hoursFrom, from.map({ $0.milliseconds / hour < hoursFrom }) ?? true
        {
            let time = Timestamp(milliseconds: hoursFrom.multiplied(by: hour)).rfc3339Seconds
            result.uncheckable.append(
                Localized(
                    vi:
                        "\(system): lượt theo giờ của tài khoản trước \(time) (theo ngày của tài khoản và theo giờ của hệ thống thì được)",
                    en:
                        "\(system): hours by account before \(time) (dates by account and hours of the system are)"
                ))
        }
        if isPruned, from.map({ $0 < evidenceFrom }) ?? true {
            let time = evidenceFrom.rfc3339Seconds
            result.uncheckable.append(
                Localized(
                    vi: "\(system): bảng kê trước \(time) chỉ còn giữ một phần",
                    en: "\(system): evidence of before \(time) is kept in part only"))
        }
        marks.folded = try FoldedTotals(records, system)
        marks.totals = marks.folded.placed(
            try records.recordedTotals(system, marks.spans, countMax: Self.totalsMax))
        result.totals += marks.totals.count
        return marks
    }

    private func check(
        _ agent: AgentRecord, _ marks: inout Marks, _ result: inout EvidenceCheckResult
    )
        throws
    {
        let mark = SummaryNumber(epoch: agent.epoch, seq: agent.seq)
        var link = EvidenceLink(agent: agent, keptSince: keptSince)
        var number = SummaryNumber(epoch: 0, seq: 0)
        // A row may be of an hour long before its summary, since a followed log is read when it appears.
        let since = from.map { $0.advanced(byMilliseconds: -Timestamp.millisecondsPerDay) }
        while number < mark {
            try gate.goOn()
            let start = MonotonicClock.milliseconds()
            let page = try store.read {
                try $0.evidencePage(agent.id, after: number, since: since)
            }
            guard let last = page.last else { break }
            number = last.number
            for stored in page where stored.number <= mark {
                result.summaries += 1
                if !stored.isCounted { result.quarantined += 1 }
                guard let summary = link.check(stored, &result), stored.isCounted else { continue }
                result.rows += summary.rows.count
                guard self.agent == nil else { continue }
                for row in summary.rows {
                    for told in row.totalKeys where marks.spans.contains(told) {
                        let key = marks.folded.place(of: told)
                        marks.totals[key, default: .zero] =
                            marks.totals[key, default: .zero] - row.totalSums
                    }
                }
            }
            rest(start)
        }
        link.end(at: mark, &result)
        for refused in try store.read({ try $0.refusedSummaries(agent.id) }) {
            link.check(refused, &result)
        }
    }

    private var keptSince: Timestamp {
        let kept = now.advanced(
            byMilliseconds: Self.marginMilliseconds - config.retention.evidenceMilliseconds)
        return from.map { max($0, kept) } ?? kept
    }

    private func total(_ key: TotalKey, _ left: QueryCounts, _ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        let hour = Timestamp.millisecondsPerHour
        let time =
            key.source == .dates
            ? CalendarDate(daysSinceEpoch: Int(key.time)).description
            : Timestamp(milliseconds: key.time.multiplied(by: hour)).rfc3339Seconds
        let whose =
            key.login.map { shown($0.rawValue) } ?? say("mọi tài khoản", "all accounts")
        let words = say(
            "tổng đã ghi lệch so với bảng kê đã ký", "recorded total, less what was signed")
        return
            "\(whose) \(shown(key.service.rawValue)) \(time) \(key.window.rawValue): \(words): allowed \(left.allowed), denied \(left.denied), passed \(left.passed)"
    }
}
