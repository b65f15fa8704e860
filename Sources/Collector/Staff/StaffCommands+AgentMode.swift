import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    /// `agent mode`: if enforcing would refuse all that the system asked since yesterday, its lists are most likely
    /// those of another system, so staff must confirm first.
    func agentMode(_ request: AdminRequest) throws -> AdminAnswer {
        let name = try argument(request, 0, "a system")
        let mode = try argument(request, 1, "observe or enforce")
        guard let chosen = Policy.Mode(rawValue: mode) else {
            throw CommandFailure(
                .usage, "agent mode: \(shown(mode)) must be observe or enforce",
                vi: "agent mode: \(shown(mode)) phải là observe hoặc enforce")
        }
        if chosen == .enforce {
            try desk.store.read { records in
                let system = try knownSystem(name, records)
                if system.mode != .enforce { try checkKnown(system, request, records) }
            }
        }
        try desk.store.write {
            let system = try knownSystem(name, $0)
            try $0.setMode(system.code, chosen)
            try $0.audit(who, "agent.mode", system.code.rawValue, chosen.rawValue, at: .now)
        }
        try desk.policies.publish(of: [SystemCode(unchecked: name)])
        return AdminAnswer(text: "\(name): \(chosen.rawValue)")
    }

    private func checkKnown(
        _ system: SystemRecord, _ request: AdminRequest, _ records: Records
    ) throws {
        let now = desk.clock.certain
        let logins = try records.loginsUsed(system.code, since: now.date.daysSinceEpoch - 1)
        let services = try records.servicesUsed(
            system.code, sinceHour: now.milliseconds / Timestamp.millisecondsPerHour - 24)
        let knowsLogin = try logins.contains {
            try records.account(Login(unchecked: $0), system.code)?.perDay ?? 0 > 0
        }
        let knowsService = try services.contains {
            try records.isRegistered(ServiceName(unchecked: $0), system.code)
        }
        func ask(_ names: [String], _ vi: String, _ en: String) throws {
            guard request.options["confirm"]?.contains(String(names.count)) != true else { return }
            let list = RegistryQuestion.names(names)
            throw CommandFailure(
                .usage,
                "agent mode: of the \(names.count) \(en) that \(system.code) used since yesterday none is registered, so all its queries would be refused: \(list); if it is meant, add --confirm \(names.count)",
                vi:
                    "agent mode: không có \(vi) nào trong \(names.count) \(vi) mà \(system.code) dùng từ hôm qua được đăng ký, nên mọi lượt truy vấn sẽ bị từ chối: \(list); nếu đúng ý định, thêm --confirm \(names.count)"
            )
        }
        if !logins.isEmpty, !knowsLogin { try ask(logins, "tài khoản", "logins") }
        if !services.isEmpty, !knowsService { try ask(services, "dịch vụ", "services") }
    }
}
