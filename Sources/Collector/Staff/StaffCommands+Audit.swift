import CollectorBackups
import Domain
import Platform
import Wire

extension StaffCommands {
    func auditList(_ request: AdminRequest) throws -> AdminAnswer {
        let (from, to) = try span(request)
        let (asked, action) = (request.option("who"), request.option("action"))
        let entries = try desk.store.read { try $0.auditLog() }.filter { entry in
            (from.map { entry.at >= $0 } ?? true) && (to.map { entry.at < $0 } ?? true)
                && (asked.map { entry.who.contains($0) } ?? true)
                && (action.map { entry.action == $0 } ?? true)
        }
        return table(
            ["number", "at", "who", "action", "subject", "reason", "hash"],
            entries.map {
                [
                    String($0.number), $0.at.description, $0.who, $0.action, $0.subject, $0.reason,
                    $0.hash,
                ]
            })
    }

    /// With `--against`, also checks the log against digests that an agent kept.
    func auditVerify(_ request: AdminRequest) throws -> AdminAnswer {
        let digests = try request.files.flatMap { try AuditCheck.digests($0.text, file: $0.name) }
        let check = try desk.store.read {
            AuditCheck(
                entries: try $0.auditLog(),
                head: AuditHead(folder: desk.config.state, key: desk.keys.signing))
        }
        if let problem = try check.problem(against: digests) {
            desk.metrics.add("chot_collector_refused_total", "why=\"audit\"")
            throw CommandFailure(
                .failed, "audit verify: \(problem.en)",
                vi: "audit verify: \(problem.vi)")
        }
        var answer = AdminAnswer()
        answer.json = .object([
            "entries": .integer(Int64(check.entries.count)),
            "digests": .integer(Int64(digests.count)), "intact": .bool(true),
        ])
        answer.text =
            request.language == .vi
            ? "nhật ký nguyên vẹn: \(check.entries.count) mục, khớp \(digests.count) giá trị của điểm chốt"
            : "the log is intact: \(check.entries.count) entries, \(digests.count) digests of agents agree"
        return answer
    }
}
