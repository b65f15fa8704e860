import Domain
import Glibc
import Platform
import Wire

/// The commands that an administrator gives on the agent's own host.
extension AgentProgram {
    static func bypass(_ command: ParsedCommand) throws {
        let config = try configOfOne(command)
        let now = TrustedClock(folder: config.commonState ?? config.state).now()
        if command.flags.contains("end") {
            Files.remove(Bypass.path(config.state))
            print("the bypass is ended; rules refuse again within a second")
            return
        }
        let span = try command.required("for")
        guard let milliseconds = parseSpan(span),
            (60_000...Bypass.millisecondsMax).contains(milliseconds)
        else {
            throw CommandFailure(
                .usage, "bypass: --for \(shown(span)): must be between 1m and 24h",
                vi: "bypass: --for \(shown(span)): phải từ 1m đến 24h")
        }
        let reason = try command.required("reason")
        guard (3...500).contains(reason.utf8.count) else {
            throw CommandFailure(
                .usage, "bypass: --reason must say why, in 3 to 500 bytes",
                vi: "bypass: --reason phải nêu lý do, từ 3 đến 500 byte")
        }
        let name = UserDatabase.user(getuid())?.name ?? "?"
        let until = now.advanced(byMilliseconds: milliseconds)
        try Bypass.save(
            BypassNote(from: now, until: until, reason: reason, by: "uid \(getuid()) \(name)"),
            config.state)
        print(
            "bypass until \(until.rfc3339Seconds): rules refuse nothing, all is counted, the centre is told; signed locks bind"
        )
    }

    /// The configuration of the post that a command is for; with several systems `--system` names it.
    private static func configOfOne(_ command: ParsedCommand) throws -> AgentConfig {
        let config = try config(command)
        let codes = config.systems.map(\.code.rawValue)
        guard let name = command.option("system") else {
            guard codes.isEmpty else {
                throw CommandFailure(
                    .usage,
                    "\(command.name): --system is needed, one of \(codes.joined(separator: ", "))",
                    vi: "\(command.name): cần --system, một trong \(codes.joined(separator: ", "))")
            }
            return config
        }
        if codes.isEmpty, (try Identity.load(config.state)).system.rawValue == name {
            return config
        }
        guard let system = config.systems.first(where: { $0.code.rawValue == name }) else {
            let known = codes.isEmpty ? "no systems" : codes.joined(separator: ", ")
            throw CommandFailure(
                .usage, "\(command.name): --system \(shown(name)) is not configured here: \(known)",
                vi: "\(command.name): --system \(shown(name)) không có trong cấu hình: \(known)")
        }
        return config.forPost(of: system.code)
    }

    /// The configuration of the post that a file carried by hand is for; the file names its system.
    private static func config(_ command: ParsedCommand, for carried: HandCarried) throws
        -> AgentConfig
    {
        let config = try config(command)
        guard !config.systems.isEmpty else { return config }
        guard let name = carried.systemName else {
            throw CommandFailure(
                .badInput,
                "lockset import: the file's policy cannot be read, so its system is unknown",
                vi:
                    "lockset import: không đọc được chính sách trong tệp nên không biết tệp dành cho hệ thống nào"
            )
        }
        guard let system = config.systems.first(where: { $0.code == name }) else {
            throw CommandFailure(
                .badInput,
                "lockset import: the file is for \(shown(name.rawValue)); configured here: \(config.systems.map(\.code.rawValue).joined(separator: ", "))",
                vi:
                    "lockset import: tệp dành cho \(shown(name.rawValue)); máy này phục vụ: \(config.systems.map(\.code.rawValue).joined(separator: ", "))"
            )
        }
        return config.forPost(of: system.code)
    }

    static func locksetImport(_ command: ParsedCommand, _ language: Language) throws {
        let file = try command.argument(0, "the file of chot-collector lockset export")
        let carried = try HandCarried.read(file)
        let config = try config(command, for: carried)
        if let lock = try? FileLock("\(config.state)/lock") {
            defer { withExtendedLifetime(lock) {} }
            let identity = try Identity.load(config.state)
            let orders = try Orders(
                state: config.state, identity: identity, metrics: AgentMetrics.make())
            print(try carried.adopt(into: orders).told()[language])
            return
        }
        Files.remove(HandCarried.receipt(config.state))
        let inbox = HandCarried.inbox(config.state)
        try Files.writeAtomically(inbox, try Files.read(file, bytesMax: HandCarried.bytesMax))
        let deadline = MonotonicClock.milliseconds() + 10_000
        while MonotonicClock.milliseconds() < deadline {
            // The agent writes the receipt in one step, so it is never half there.
            if let outcome = HandCarriedOutcome.read(HandCarried.receipt(config.state)) {
                Files.remove(HandCarried.receipt(config.state))
                print(try outcome.told()[language])
                return
            }
            if Signals.takeStop(beforeMonotonicMilliseconds: MonotonicClock.milliseconds() + 100) {
                return
            }
        }
        throw CommandFailure(
            .unavailable, "lockset import: the running agent did not take \(inbox)",
            vi: "lockset import: điểm chốt đang chạy không nhận tệp \(inbox)")
    }

    /// `status --would-refuse` shows what rules would have refused in 7 days, by account and service.
    static func wouldRefuse(_ command: ParsedCommand, _ language: Language) throws {
        let config = try config(command)
        let isSeveral = !config.systems.isEmpty
        let folders = config.systems.map { AgentConfig.folder(of: $0.code, in: config.state) }
        let paths = (isSeveral ? folders : [config.state]).map { "\($0)/agent.db" }
        guard paths.contains(where: Files.exists) else {
            throw CommandFailure(
                .noFile, "\(paths[0]): no agent has run with this state folder",
                vi: "\(paths[0]): chưa có điểm chốt nào chạy với thư mục trạng thái này")
        }
        let since = TrustedClock(folder: config.state).now().advanced(
            byMilliseconds: -7 * Timestamp.millisecondsPerDay)
        var noted: [Outbox.Noted] = []
        for (index, path) in paths.enumerated() where Files.exists(path) {
            noted += try Outbox.noted(readingFrom: path, since: since).map {
                var row = $0
                row.system = isSeveral ? config.systems[index].code.rawValue : nil
                return row
            }
        }
        if command.option("format") == "json" {
            try printJSON(encodeJSON(noted))
            return
        }
        guard !noted.isEmpty else {
            print(
                language == .vi
                    ? "7 ngày qua không lượt nào bị từ chối nếu đã thi hành"
                    : "nothing of the last 7 days would have been refused")
            return
        }
        let table = TextTable(
            columns: (isSeveral ? ["system"] : []) + ["reason", "account", "service", "count"],
            rows: noted.map {
                (isSeveral ? [$0.system ?? "?"] : [])
                    + [$0.reason, shown($0.account), shown($0.service), String($0.count)]
            })
        print(command.option("format") == "csv" ? table.csv() : table.text())
    }
}
