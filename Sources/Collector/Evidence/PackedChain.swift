import Domain
import Platform
import Wire

/// The signed summaries of a pack, line by line. Each must be what was received, signed by its agent and in order, and
/// must continue the one before if that is in the pack.
struct PackedChain {
    package struct Link {
        package var summary: Summary
        package var index: PackedSummary
    }

    private let agents: [AgentID: PackedAgent]
    package private(set) var summaries: [Link] = []
    /// How many summaries continue the one before.
    private(set) var linked = 0
    private var last: (index: PackedSummary, hash: String)?

    init(_ agents: [PackedAgent]) {
        self.agents = Dictionary(agents.map { ($0.agent, $0) }, uniquingKeysWith: { a, _ in a })
    }

    /// Returns what is wrong with a line. If nil, the line has been added to `summaries`.
    package mutating func take(_ compact: String, _ entry: PackedSummary) -> Localized? {
        let former = last
        last = (entry, JWS.digest(compact))
        guard JWS.digest(compact) == entry.hash else {
            return Localized(vi: "không đúng giá trị băm đã nhận", en: "is not what was received")
        }
        guard let agent = agents[entry.agent], agent.jwk.thumbprint == agent.kid,
            let key = agent.jwk.key,
            let jws = try? JWS.parse(compact.utf8), jws.kid == agent.kid,
            let payload = try? jws.verified(by: key, typ: Summary.typ)
        else {
            return Localized(
                vi: "chữ ký không phải của điểm chốt này", en: "is not signed by its agent")
        }
        guard let summary = try? decodeJSON(Summary.self, payload), summary.isPlausible,
            summary.agent == entry.agent, summary.system == agent.system,
            summary.epoch == entry.epoch, summary.seq == entry.seq
        else {
            return Localized(
                vi: "nội dung không khớp danh mục", en: "is another than its index says")
        }
        if let former {
            let (before, hash) = former
            guard
                (before.agent, before.epoch, before.seq) < (entry.agent, entry.epoch, entry.seq)
            else {
                return Localized(vi: "trùng số hoặc sai thứ tự", en: "stands twice or out of order")
            }
            if before.agent == entry.agent, before.epoch == entry.epoch,
                before.seq == entry.seq.subtracting(1)
            {
                guard summary.prev == hash else {
                    return Localized(
                        vi: "không nối với bảng kê trước", en: "does not continue the one before")
                }
                linked += 1
            }
        }
        summaries.append(Link(summary: summary, index: entry))
        return nil
    }
}
