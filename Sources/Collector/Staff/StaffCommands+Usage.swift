import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    package func usage(_ request: AdminRequest) throws -> AdminAnswer {
        let by = (request.option("by") ?? "system").split(separator: ",").map(String.init)
        for key in by where !UsageReport.keys.contains(key) {
            throw CommandFailure(
                .usage,
                "--by \(shown(key)): must be one of \(UsageReport.keys.joined(separator: ", "))",
                vi:
                    "--by \(shown(key)): phải là một trong \(UsageReport.keys.joined(separator: ", "))"
            )
        }
        guard Set(by).count == by.count else {
            throw CommandFailure(
                .usage, "--by \(by.joined(separator: ",")): names a key twice",
                vi: "--by \(by.joined(separator: ",")): nêu một khóa hai lần")
        }
        let window = request.option("window")
        if let window, WindowKind(rawValue: window) == nil {
            throw CommandFailure(
                .usage, "--window \(shown(window)): must be office or off",
                vi:
                    "--window \(shown(window)): phải là office (giờ hành chính) hoặc off (ngoài giờ)"
            )
        }
        let top = try request.option("top").map { text in
            guard let top = Int(text), top > 0 else {
                throw CommandFailure(
                    .usage, "--top \(shown(text)): must be a number above 0",
                    vi: "--top \(shown(text)): phải là số lớn hơn 0")
            }
            return top
        }
        var question = UsageQuestion()
        (question.from, question.to) = try span(request)
        question.unit = request.option("unit")
        question.system = request.option("system")
        question.service = request.option("service")
        question.window = window
        if let account = request.option("account") {
            let at = account.lastIndex(of: "@")
            question.account = at.map { String(account[..<$0]) } ?? account
            if let at {
                let system = String(account[account.index(after: at)...])
                guard question.system == nil || question.system == system else {
                    throw CommandFailure(
                        .usage,
                        "--account \(shown(account)) is of another system than --system \(shown(question.system ?? ""))",
                        vi:
                            "--account \(shown(account)) thuộc hệ thống khác với --system \(shown(question.system ?? ""))"
                    )
                }
                question.system = system
            }
        }
        let asked = question
        return try desk.store.read {
            try checkKnown(asked, $0)
            return try UsageReport(
                records: $0, config: desk.config, question: asked, by: by, top: top, now: .now,
                language: request.language
            ).run()
        }
    }

    /// Throws if a name is unknown, so that a spelling mistake is not answered by zeros. A name that was counted is
    /// known even if it is no longer registered.
    private func checkKnown(_ question: UsageQuestion, _ records: Records) throws {
        func unknown(_ name: String, _ list: String) -> CommandFailure {
            CommandFailure(
                .badInput, "\(shown(name)) is not registered; see registry list \(list)",
                vi: "\(shown(name)) chưa được đăng ký; xem registry list \(list)")
        }
        if let unit = question.unit, try !records.knows(unit: unit) {
            throw unknown(unit, "units")
        }
        if let system = question.system, try !records.knows(system: system) {
            throw unknown(system, "systems")
        }
        if let service = question.service,
            MessageKey(rawValue: "service.\(service)") == nil,
            ![ServiceName.unknown, .folded].map(\.rawValue).contains(service),
            try !records.knows(service: service)
        {
            throw unknown(service, "services")
        }
        if let login = question.account,
            ![Login.none, .unknown, .folded].map(\.rawValue).contains(login),
            try !records.knows(login: login, system: question.system)
        {
            throw unknown(question.system.map { "\(login)@\($0)" } ?? login, "accounts")
        }
    }
}
