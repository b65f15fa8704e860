import Domain

/// A summary that was kept and cannot be read any more.
struct EvidenceProblem: Error, CustomStringConvertible {
    let description: String

    init(_ agent: AgentID, _ epoch: Int64, _ seq: Int64, _ what: String) {
        description =
            "summary \(seq) of agent \(shown(agent.rawValue)), epoch \(epoch): \(what); restore a backup to read it"
    }
}
