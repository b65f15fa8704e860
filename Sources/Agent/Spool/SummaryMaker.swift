import Domain
import Platform
import Wire

/// Makes the summaries that tell of an interval, within what a collector takes; they are numbered, chained and signed.
struct SummaryMaker {
    let agent: AgentID
    let system: SystemCode
    let key: Ed25519PrivateKey
    let everyMilliseconds: Int64
    /// The collector's clock minus ours, when known.
    let clockOffset: Int64?
    let held: Summary.Held
    let rules: GateRules
    let fit: SummaryFit
    let now: Timestamp

    /// Makes one summary, or several of consecutive numbers when the rows do not fit one; hands each over when made.
    func make(
        of interval: Interval, after position: Outbox.Position, refusedSets: [String: Int64],
        quota: inout SentQuota, _ store: (String, Summary) throws -> Void
    ) throws {
        var interval = fit.fitted(interval)
        quota.take(&interval, now: now, rules)
        interval.dropped = interval.dropped.mapValues { min($0, Summary.counts.upperBound) }
        let groups = SummaryPart.packed(interval)
        let parts = SummaryPart.numbers(of: interval, count: groups.count)
        var previous = position.lastHash
        for (index, group) in groups.enumerated() {
            let isFirst = index == 0
            var summary = Summary(
                agent: agent, system: system, epoch: position.epoch,
                seq: position.seq + Int64(index) + 1, part: parts[index],
                prev: previous, from: interval.from, to: interval.to,
                everyMilliseconds: everyMilliseconds,
                clockOffsetMilliseconds: clockOffset.map {
                    min(max($0, Summary.offsets.lowerBound), Summary.offsets.upperBound)
                }, held: held,
                downtime: isFirst ? interval.downtime : nil,
                dropped: isFirst ? interval.dropped : [:],
                refusedSets: isFirst ? fit.kinds(refusedSets) : [:],
                breaches: group.breaches, rows: group.rows)
            summary.returns = interval.returns
            group.put(into: &summary, first: isFirst ? interval : nil)
            let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
            previous = JWS.digest(jws)
            try store(jws, summary)
        }
    }
}
