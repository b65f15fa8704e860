import CollectorValues
import Domain
import Platform
import Wire

/// Reads evidence in the order of numbers, page by page.
extension Records {
    /// The most summaries of a page: as many as a block of compressed evidence holds.
    static let evidencePageMax = 240

    /// Returns an agent's summaries after a number, in order; with `since`, only those received then or later.
    package func evidencePage(_ agent: AgentID, after: SummaryNumber, since: Timestamp? = nil)
        throws
        -> [StoredSummary]
    {
        var page = try db.rows(
            """
            SELECT epoch, seq, jws, hash, state, received_at, from_ms, to_ms, content FROM summary
            WHERE agent = ?1 AND (epoch, seq) > (?2, ?3) AND (?4 IS NULL OR received_at >= ?4)
            ORDER BY epoch, seq LIMIT \(Self.evidencePageMax)
            """, .text(agent.rawValue), .integer(after.epoch), .integer(after.seq),
            .optional(since?.milliseconds)
        ) {
            StoredSummary(
                number: SummaryNumber(epoch: $0.integer(0), seq: $0.integer(1)), jws: $0.text(2),
                hash: $0.text(3), state: $0.text(4),
                receivedAt: Timestamp(milliseconds: $0.integer(5)),
                from: Timestamp(milliseconds: $0.integer(6)),
                to: Timestamp(milliseconds: $0.integer(7)), content: $0.isNull(8) ? nil : $0.blob(8)
            )
        }
        var block: (epoch: Int64, seqs: ClosedRange<Int64>, texts: [Int64: String])?
        for index in page.indices where page[index].jws.isEmpty {
            let number = page[index].number
            if block?.epoch != number.epoch || block?.seqs.contains(number.seq) != true {
                block = try evidenceBlock(agent, number)
            }
            if let text = block?.texts[number.seq] {
                page[index].jws = text
            } else {
                page[index].problem = "its block is damaged or not in the database"
            }
        }
        return page
    }

    /// Returns the last summary received before a time. Whatever was received later has a higher number.
    package func lastEvidence(_ agent: AgentID, before time: Timestamp) throws -> SummaryNumber {
        try db.first(
            """
            SELECT epoch, seq FROM summary WHERE agent = ? AND received_at < ?
            ORDER BY epoch DESC, seq DESC LIMIT 1
            """, .text(agent.rawValue), time.value
        ) { SummaryNumber(epoch: $0.integer(0), seq: $0.integer(1)) }
            ?? SummaryNumber(epoch: 0, seq: 0)
    }

    /// Returns the block that holds a summary; nil if there is none. A block that cannot be unpacked has no texts.
    private func evidenceBlock(_ agent: AgentID, _ number: SummaryNumber) throws -> (
        epoch: Int64, seqs: ClosedRange<Int64>, texts: [Int64: String]
    )? {
        try db.first(
            """
            SELECT first_seq, last_seq, archive FROM evidence_block WHERE agent = ?1 AND epoch = ?2
            AND first_seq <= ?3 AND last_seq >= ?3 ORDER BY first_seq DESC LIMIT 1
            """, .text(agent.rawValue), .integer(number.epoch), .integer(number.seq)
        ) {
            let first = $0.integer(0)
            return (
                number.epoch, first...max(first, $0.integer(1)),
                (try? EvidenceBlock.unpack($0.blob(2))) ?? [:]
            )
        }
    }

    /// Returns the totals that evidence must add up to: those of one system, from each table that `usage` answers from,
    /// as far as its rows are all there. Names are in clear.
    package func recordedTotals(_ system: SystemCode, _ spans: TotalSpans, countMax: Int) throws
        -> [TotalKey: QueryCounts]
    {
        var question = UsageQuestion()
        question.system = system.rawValue
        let number = try usageSystems().filter { $0.value == system.rawValue }.map(\.key)
        var services: [Int64: ServiceName] = [:]
        var logins: [Int64: Login] = [:]
        var totals: [TotalKey: QueryCounts] = [:]
        for source in UsageSource.allCases {
            let span = spans[source]
            try usage(
                source, question, systems: number,
                first: span.lowerBound == .min ? nil : span.lowerBound,
                end: span.upperBound == .max ? nil : span.upperBound
            ) { cell in
                let service =
                    try services[cell.service]
                    ?? ServiceName(unchecked: try usageServiceName(cell.service))
                services[cell.service] = service
                var login: Login?
                if source != .systemHours {
                    login =
                        try logins[cell.account]
                        ?? Login(unchecked: try usageLogin(cell.account))
                    logins[cell.account] = login
                }
                let key = TotalKey(
                    source: source, login: login, service: service, time: cell.time,
                    window: cell.isOff ? .off : .office)
                totals[key, default: .zero] =
                    totals[key, default: .zero]
                    + QueryCounts(
                        allowed: cell.allowed, denied: cell.denied, passed: cell.passed)
                guard totals.count <= countMax else { throw tooMany(system, countMax) }
            }
        }
        return totals
    }

    private func tooMany(_ system: SystemCode, _ countMax: Int) -> CommandFailure {
        CommandFailure(
            .failed,
            "\(system) has more than \(countMax) totals in this time; ask for less with --from and --to",
            vi:
                "\(system) có hơn \(countMax) dòng tổng trong khoảng này; thu hẹp bằng --from, --to"
        )
    }
}
