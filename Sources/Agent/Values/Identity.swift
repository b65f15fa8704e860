import Domain
import Platform
import Wire

/// The identity of this agent. `enroll` writes it once, in the state folder.
struct Identity: Codable, Sendable {
    let agent: AgentID
    let system: SystemCode
    /// The audience of requests; it comes from the enrolment, not from the URL.
    let collector: String
    let collectorURL: String
    /// The thumbprint of the collector's root, pinned by the enrolment token.
    let root: String
    let epoch: Int64
    let enrolledAt: Timestamp
    /// True when the agent was enrolled with `--ca`: something in between shows a certificate of its own, so a new
    /// key list does not replace `ca.pem`.
    var keepsOwnCA: Bool?

    enum CodingKeys: String, CodingKey {
        case agent, system, collector, root, epoch
        case collectorURL = "collector_url"
        case enrolledAt = "enrolled_at"
        case keepsOwnCA = "keeps_own_ca"
    }

    static func load(_ state: String) throws -> Identity {
        let path = "\(state)/identity.json"
        guard Files.exists(path) else {
            throw CommandFailure(
                .badConfig,
                "\(path): this agent is not enrolled; run chot-agent enroll with a token of the centre first",
                vi:
                    "\(path): điểm chốt chưa ghi danh; chạy chot-agent enroll với mã do Trung tâm cấp"
            )
        }
        let bytes = try Files.read(path)
        guard let identity = try? decodeJSON(Identity.self, bytes) else {
            throw CommandFailure(
                .badConfig, "\(path): it is damaged; restore it from a backup, or enrol anew",
                vi: "\(path): tệp bị hỏng; khôi phục từ bản sao lưu, hoặc ghi danh lại")
        }
        return identity
    }

    func save(_ state: String) throws {
        try Files.writeAtomically("\(state)/identity.json", encodeJSON(self))
    }
}
