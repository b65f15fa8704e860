import Domain
import Platform

/// A stored summary can no longer be read.
package struct EvidenceProblem: BilingualError {
    package let description: String
    package let vietnamese: String

    package init(_ agent: AgentID, _ epoch: Int64, _ seq: Int64, _ what: String) {
        let name = shown(agent.rawValue)
        description =
            "summary \(seq) of agent \(name), epoch \(epoch): \(what); restore a backup to read it"
        vietnamese =
            "bảng kê số \(seq) của điểm chốt \(name), kỳ \(epoch), không đọc được nữa; hãy khôi phục bản sao lưu để đọc"
    }
}
