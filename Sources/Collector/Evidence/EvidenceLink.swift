import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Follows one agent's chain, summary by summary.
struct EvidenceLink {
    package let agent: AgentRecord
    /// What was received before this may be deleted.
    let keptSince: Timestamp
    private var previous: (number: SummaryNumber, hash: String)?

    init(agent: AgentRecord, keptSince: Timestamp) {
        self.agent = agent
        self.keptSince = keptSince
    }

    /// Returns the summary if it is what its agent signed; else nil, and adds a finding.
    package mutating func check(_ stored: StoredSummary, _ result: inout EvidenceCheckResult)
        -> Summary?
    {
        defer { previous = (stored.number, stored.hash) }
        checkNumber(stored, &result)
        guard stored.problem == nil else {
            tell(
                stored.number, "unreadable", vi: "không đọc được: khối lưu bị hỏng hoặc bị thiếu",
                en: "cannot be read: its block is damaged or missing", &result)
            return nil
        }
        guard JWS.digest(stored.jws) == stored.hash else {
            tell(
                stored.number, "hash", vi: "không phải nội dung đã nhận (sai giá trị băm)",
                en: "is not what was received (its digest differs)", &result)
            return nil
        }
        guard let key = agent.jwk?.key, let jws = try? JWS.parse(stored.jws.utf8),
            jws.kid == agent.kid,
            let payload = try? jws.verified(by: key, typ: Summary.typ)
        else {
            tell(
                stored.number, "signature", vi: "chữ ký không phải của điểm chốt này",
                en: "is not signed by this agent's key", &result)
            return nil
        }
        guard let summary = try? decodeJSON(Summary.self, payload), summary.isPlausible,
            summary.agent == agent.id, summary.system == agent.system,
            summary.epoch == stored.number.epoch, summary.seq == stored.number.seq,
            summary.from == stored.from, summary.to == stored.to,
            stored.content.map({ $0 == summary.contentDigest }) ?? true
        else {
            tell(
                stored.number, "content",
                vi: "nội dung đã ký không khớp với số, khoảng thời gian đã ghi",
                en: "what was signed has another number or interval than was recorded", &result)
            return nil
        }
        checkChain(stored, summary, &result)
        return summary
    }

    /// Checks a refused summary, which is kept as proof as well.
    package func check(_ refused: Records.RefusedSummary, _ result: inout EvidenceCheckResult) {
        let number = SummaryNumber(epoch: refused.epoch, seq: refused.seq)
        guard JWS.digest(refused.jws) == refused.hash else {
            return tell(
                number, "hash", vi: "bản bị từ chối: không phải nội dung đã nhận (sai giá trị băm)",
                en: "what was refused is not what was received (its digest differs)", &result)
        }
        guard let key = agent.jwk?.key, let jws = try? JWS.parse(refused.jws.utf8),
            let payload = try? jws.verified(by: key, typ: Summary.typ),
            let summary = try? decodeJSON(Summary.self, payload), summary.number == number
        else {
            return tell(
                number, "signature", vi: "bản bị từ chối: chữ ký hoặc số không đúng",
                en: "what was refused is not signed by this agent's key under this number", &result)
        }
    }

    private func checkNumber(_ stored: StoredSummary, _ result: inout EvidenceCheckResult) {
        let number = stored.number
        let expected: Int64 =
            previous?.number.epoch == number.epoch ? (previous?.number.seq ?? 0).adding(1) : 1
        guard number.seq > expected, stored.receivedAt >= keptSince else { return }
        // The check may begin in the middle; what comes before its first summary is not checked.
        let isFirst = previous == nil
        guard !isFirst || keptSince <= agent.enrolledAt else { return }
        tell(
            stored.number, "missing",
            vi: "thiếu bảng kê số \(expected) đến \(number.seq.subtracting(1)) trước nó",
            en: "summaries \(expected) to \(number.seq.subtracting(1)) before it are missing",
            &result)
    }

    private func checkChain(
        _ stored: StoredSummary, _ summary: Summary, _ result: inout EvidenceCheckResult
    ) {
        let isLinked: Bool
        if stored.number.seq == 1 {
            isLinked = summary.prev.isEmpty
        } else if let previous, previous.number.epoch == stored.number.epoch,
            previous.number.seq == stored.number.seq.subtracting(1)
        {
            isLinked = summary.prev == previous.hash
        } else {
            return
        }
        guard !isLinked else { return }
        tell(
            stored.number, "chain", vi: "không nối với bảng kê trước nó",
            en: "does not continue the one before it", &result)
    }

    /// Checks that the summary that was acknowledged last is there.
    package func end(at mark: SummaryNumber, _ result: inout EvidenceCheckResult) {
        guard mark.seq > 0 else { return }
        guard let previous else {
            if agent.lastSeen.map({ $0 >= keptSince }) ?? false { tellMissing(mark, &result) }
            return
        }
        if previous.number < mark {
            tellMissing(mark, &result)
        } else if previous.hash != agent.lastHash, previous.number == mark {
            result.add(
                EvidenceFinding(
                    agent: agent.id.rawValue, epoch: mark.epoch, seq: mark.seq, what: "chain",
                    vi: "không phải bảng kê cuối đã xác nhận",
                    en: "is not the one that was acknowledged last"))
        }
    }

    private func tellMissing(_ mark: SummaryNumber, _ result: inout EvidenceCheckResult) {
        result.add(
            EvidenceFinding(
                agent: agent.id.rawValue, epoch: mark.epoch, seq: mark.seq, what: "missing",
                vi: "thiếu bảng kê đến số \(mark.seq)",
                en: "summaries up to \(mark.seq) are missing"))
    }

    private func tell(
        _ number: SummaryNumber, _ what: String, vi: String, en: String,
        _ result: inout EvidenceCheckResult
    ) {
        result.add(
            EvidenceFinding(
                agent: agent.id.rawValue, epoch: number.epoch, seq: number.seq, what: what, vi: vi,
                en: en))
    }
}
