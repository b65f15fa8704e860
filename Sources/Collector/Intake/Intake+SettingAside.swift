import CollectorDetection
import CollectorStore
import Domain
import Platform
import Wire

extension Intake {
    /// Whether what was to be stored causes the error, and not the disk: that would affect every push, and pass.
    static func liesInContent(_ error: any Error) -> Bool {
        (error as? any StoreFailure).map { !$0.isDiskTrouble } ?? true
    }

    /// Counts a push that failed repeatedly line by line. What can be counted is. A line that fails is refused for
    /// good, kept and told, so that its agent can go on. Its time is missing, because the next summary leaves it out.
    func countEach(
        _ push: Push, _ records: Records, count: (Push, Records) throws -> PushAnswer?
    ) throws -> PushAnswer? {
        var items: [PushAnswer.Item] = []
        var last: PushAnswer?
        for item in push.items {
            do {
                let single = Push(agent: push.agent, items: [item]) { _ in }
                guard let answer = try records.part({ try count(single, records) }) else {
                    return nil
                }
                items += answer.items
                last = answer
            } catch  where Self.liesInContent(error) {
                items.append(try setAside(item, error, records))
            }
        }
        var answer = try last ?? failed(push, items, records)
        answer.items = items
        return answer
    }

    private func setAside(_ item: Item, _ error: any Error, _ records: Records) throws
        -> PushAnswer.Item
    {
        guard case .summary(let summary, let jws, let hash, _) = item else {
            return .init(seq: 0, status: .refused, problem: "storage")
        }
        metrics.countRefusal("set aside")
        Log.error(
            "a summary cannot be stored, however often it comes; it is set aside",
            ["agent": summary.agent, "seq": summary.seq, "error": error])
        do {
            try records.part {
                let now = Timestamp.now
                if try !records.keepRefused(summary, kind: "storage", jws: jws, hash: hash, at: now)
                {
                    metrics.add("chot_collector_refused_not_kept_total")
                }
                guard let agent = try records.agent(summary.agent) else { return }
                try Integrity(records: records, now: now).found(
                    "stuck", .alertI1Stuck, agent,
                    ["from": moment(summary.from), "to": moment(summary.to)],
                    number: summary.number)
            }
        } catch  where Self.liesInContent(error) {
            Log.error("nor can it be kept or told", ["agent": summary.agent, "error": error])
        }
        return .init(seq: summary.seq, status: .refused, problem: "storage")
    }

    /// Returns what an agent is told of a push of which nothing could be stored.
    package func failed(_ push: Push, _ items: [PushAnswer.Item], _ records: Records) throws
        -> PushAnswer
    {
        let agent = try records.agent(push.agent)
        return PushAnswer(
            items: items, epoch: agent?.epoch, last: nil, nextSeq: (agent?.seq ?? 0).adding(1),
            others: [], lockset: .init(), serverTime: .now)
    }
}
