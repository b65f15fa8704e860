import Domain
import Platform
import Wire

/// `chot-agent enroll --systems` enrols one of several systems. Only the collector's answer names the system, so the
/// key is made in a folder named after the token, which becomes `DIR/systems/CODE` afterwards. It may run beside a
/// running agent of other systems.
struct SystemEnrolment {
    /// The enrolment whose state folder is the common one.
    let enrolment: Enrolment

    private var root: String { "\(enrolment.state)/systems" }
    /// Names the folder of the key, so that a second try with the same token finds the same key.
    private var tokenName: String {
        String(Base64URL.encode(Digest.sha256([UInt8](enrolment.token.id.utf8))).prefix(22))
    }

    func run() throws -> Identity {
        try Files.makeFolder(root)
        if let done = finishedBefore() { return done }
        let workshop = "\(root)/.enrolling-\(tokenName)"
        let identity = try Enrolment(
            collectorURL: enrolment.collectorURL, token: enrolment.token, state: workshop,
            caFile: enrolment.caFile, proxy: enrolment.proxy
        ).run()
        try Files.writeAtomically("\(workshop)/enrolled-by", tokenName)
        let folder = AgentConfig.folder(of: identity.system, in: enrolment.state)
        if let former = try? Identity.load(folder) {
            throw CommandFailure(
                .failed,
                "\(folder) already belongs to \(former.agent). To have \(identity.agent) take its place: stop the agent once its summaries are sent, move that folder away, and run the same command again",
                vi:
                    "\(folder) đã là của \(former.agent). Để thay bằng \(identity.agent): dừng điểm chốt khi đã gửi hết bảng kê, chuyển thư mục ấy đi, rồi chạy lại đúng lệnh này"
            )
        }
        try Files.moveFolder(workshop, to: folder)
        return identity
    }

    /// The identity that an earlier run of the same command made, if it succeeded.
    private func finishedBefore() -> Identity? {
        for name in Files.list(root) where !name.hasPrefix(".") {
            let folder = "\(root)/\(name)"
            if (try? Files.readText("\(folder)/enrolled-by", bytesMax: 64)) == tokenName {
                return try? Identity.load(folder)
            }
        }
        return nil
    }
}
