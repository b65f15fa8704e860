import Domain
import Platform
import Wire

/// Checks that every system of the configuration is enrolled in its own folder.
struct EnrolledSystems {
    let config: AgentConfig

    enum Standing: Equatable {
        case enrolled(AgentID)
        case missing
        case foreign(AgentID)
        case unreadable(String)
    }

    func standing(of system: SystemCode) -> Standing {
        let folder = AgentConfig.folder(of: system, in: config.state)
        guard Files.exists("\(folder)/identity.json") else { return .missing }
        do {
            let identity = try Identity.load(folder)
            _ = try PrivateJWK.load("\(folder)/agent.key")
            return identity.system == system ? .enrolled(identity.agent) : .foreign(identity.agent)
        } catch {
            return .unreadable("\(error)")
        }
    }

    /// Throws when a system is not enrolled, or when none can run; the failure names every system that cannot run,
    /// and the way out. Returns those whose files are damaged: the others go on without them.
    func check() throws -> [SystemCode: Localized] {
        var damaged: [SystemCode: Localized] = [:]
        for system in config.systems {
            if case .unreadable = standing(of: system.code) {
                damaged[system.code] = problem(of: system.code)
            }
        }
        let problems = config.systems.compactMap { problem(of: $0.code) }
        guard problems.count > damaged.count || damaged.count == config.systems.count else {
            return damaged
        }
        throw CommandFailure(
            .badConfig, "systems:\n" + problems.map { "  " + $0.en }.joined(separator: "\n"),
            vi: "systems:\n" + problems.map { "  " + $0.vi }.joined(separator: "\n"))
    }

    /// The agent whose state folder was used for a single system until now.
    private var singleAgent: AgentID? { (try? Identity.load(config.state))?.agent }

    /// Why a system cannot run; nil when it is enrolled.
    func problem(of system: SystemCode) -> Localized? {
        let folder = AgentConfig.folder(of: system, in: config.state)
        switch standing(of: system) {
        case .enrolled: return nil
        case .missing where singleAgent?.system == system:
            let agent = singleAgent?.rawValue ?? ""
            return Localized(
                vi:
                    "\(agent) đang nằm ngay trong \(config.state): chuyển tệp của nó vào \(folder) (docs/vi/operating.md#one-to-several)",
                en:
                    "\(agent) lies in \(config.state) itself: move its files into \(folder) (docs/en/operating.md#one-to-several)"
            )
        case .missing:
            let command =
                "chot-agent enroll --systems --collector \(config.collectorURL) --token-file F --state \(config.state)"
            return Localized(
                vi:
                    "\(system) chưa ghi danh: đề nghị Trung tâm cấp mã (chot-collector agent token \(system)), rồi chạy \(command)",
                en:
                    "\(system) is not enrolled: ask the centre for a token (chot-collector agent token \(system)), then run \(command)"
            )
        case .foreign(let agent):
            return Localized(
                vi: "\(folder) là của \(agent), không phải của \(system): đặt lại đúng tên thư mục",
                en:
                    "\(folder) belongs to \(agent), not to \(system): name the folder after its system"
            )
        case .unreadable(let why):
            return Localized(
                vi:
                    "\(system): mọi lượt truy vấn bị từ chối cho đến khi sửa xong và khởi động lại: \(why)",
                en:
                    "\(system): every query is refused until this is mended and the agent restarted: \(why)"
            )
        }
    }

    /// One line for each system, as `check-config` shows it.
    func lines(_ language: Language) -> [String] {
        config.systems.map { system in
            if case .enrolled(let agent) = standing(of: system.code) {
                return language == .vi
                    ? "\(system.code): đã ghi danh là \(agent)"
                    : "\(system.code): enrolled as \(agent)"
            }
            return problem(of: system.code)?[language] ?? ""
        }
    }
}
