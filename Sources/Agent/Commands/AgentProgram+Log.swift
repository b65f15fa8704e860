import Domain
import Glibc
import Platform
import Wire

/// `chot-agent log search`.
extension AgentProgram {
    static let logSearchSpec = CommandSpec(
        "log search",
        "[--subject-file F|-] [--account A] [--from T] [--to T] [--service V] [--verdict V] [--request ID] [--limit N] [--system S]",
        options: [
            "subject-file", "account", "from", "to", "service", "verdict", "request", "limit",
            "system",
        ],
        vi:
            "tra nhật ký truy cập tại chỗ; tệp F mỗi dòng một số định danh; lần tra được ghi lại trước khi hiển thị",
        en: "searches the local log of accesses, itself logged; F holds one subject number a line")

    static func logSearch(_ command: ParsedCommand, _ language: Language) throws {
        let config = try config(command)
        let wanted = try searchFilter(command)
        var left = try searchLimit(command)
        let numbers = try command.option("subject-file").map { try SubjectFile($0).numbers }
        let format = command.option("format").flatMap(SearchOutput.Format.init) ?? .table
        var output = SearchOutput(format, language, isSeveral: !config.systems.isEmpty)
        var isStopped = false
        var finds: [SystemSearch.Found] = []
        for place in try searchPlaces(config, command) {
            guard let filter = wanted.narrowed(to: place.system) else { continue }
            let found = try place.run(filter, numbers, limit: left) {
                // Stop signals are blocked during the search, so Ctrl-C is looked for here.
                isStopped =
                    isStopped
                    || Signals.takeStop(beforeMonotonicMilliseconds: MonotonicClock.milliseconds())
                return isStopped
            } seen: {
                output.see($0, of: place.system)
            }
            guard !isStopped else {
                throw CommandFailure(
                    .failed, "log search: stopped",
                    vi: "log search: đã dừng")
            }
            left -= found.outcome.hits
            finds.append(found)
        }
        guard !finds.isEmpty else {
            throw CommandFailure(
                .usage, "log search: --account names accounts of systems that have no log here",
                vi: "log search: --account là tài khoản của hệ thống không có nhật ký ở đây")
        }
        try keepRecords(finds)
        _ = try output.show(finds)
        try tellWhatIsMissing(finds.map(\.outcome).reduce(.init(), +), language)
    }

    /// Records who searched for whom; these records are on the disk before anything is shown.
    private static func keepRecords(_ finds: [SystemSearch.Found]) throws {
        let now = Timestamp(milliseconds: WallClock.milliseconds())
        do {
            for found in finds {
                try SearchRecord(
                    by: .current(), at: now, filter: found.filter, outcome: found.outcome
                ).append(to: found.place.folder.path, at: now)
            }
        } catch {
            throw CommandFailure(
                .failed, "log search: the search cannot be logged, so nothing is shown: \(error)",
                vi:
                    "log search: không ghi được lần tra cứu nên không hiển thị kết quả: \(text(of: error, .vi))"
            )
        }
    }

    /// The logs that are searched: those of the named system, else those of every system.
    private static func searchPlaces(_ config: AgentConfig, _ command: ParsedCommand) throws
        -> [SystemSearch]
    {
        let name = command.option("system")
        let all =
            config.systems.isEmpty
            ? [
                SystemSearch(
                    system: (try? Identity.load(config.state))?.system.rawValue ?? "",
                    state: config.state)
            ]
            : config.systems.map {
                SystemSearch(system: $0.code.rawValue, state: config.forPost(of: $0.code).state)
            }
        let named = all.filter { name == nil || $0.system == name }
        guard !named.isEmpty else {
            let known = all.map { $0.system.isEmpty ? "?" : $0.system }.joined(separator: ", ")
            throw CommandFailure(
                .usage,
                "log search: --system \(shown(name ?? "")) is not configured here: \(known)",
                vi: "log search: --system \(shown(name ?? "")) không có trong cấu hình: \(known)")
        }
        let kept = named.filter { Files.exists($0.folder.path) }
        guard !kept.isEmpty else {
            let path = named[0].folder.path
            throw CommandFailure(
                .noFile, "\(path): no query log is kept here",
                vi: "\(path): nơi này chưa có nhật ký truy cập")
        }
        return kept
    }

    private static func searchFilter(_ command: ParsedCommand) throws -> SearchFilter {
        var filter = SearchFilter()
        filter.from = try searchTime(command, "from")
        filter.to = try searchTime(command, "to")
        if let from = filter.from, let to = filter.to, from >= to {
            throw CommandFailure(
                .usage, "log search: --from \(from) is not before --to \(to)",
                vi: "log search: --from \(from) không trước --to \(to)")
        }
        filter.logins = command.options["account"] ?? []
        filter.services = command.options["service"] ?? []
        filter.requests = command.options["request"] ?? []
        filter.verdicts = try (command.options["verdict"] ?? []).map { text in
            guard let verdict = Verdict(rawValue: text) else {
                throw CommandFailure(
                    .usage,
                    "log search: --verdict \(shown(text)): must be allow, throttle, challenge or deny",
                    vi:
                        "log search: --verdict \(shown(text)): phải là allow, throttle, challenge hoặc deny"
                )
            }
            return verdict
        }
        for values in [filter.logins, filter.services, filter.requests]
        where values.count > SearchFilter.valuesMax || values.contains(where: \.isEmpty) {
            throw CommandFailure(
                .usage,
                "log search: --account, --service, --request: at most \(SearchFilter.valuesMax) of each, none empty",
                vi:
                    "log search: --account, --service, --request: tối đa \(SearchFilter.valuesMax) giá trị mỗi loại, không để trống"
            )
        }
        return filter
    }

    private static func searchTime(_ command: ParsedCommand, _ option: String) throws -> Timestamp?
    {
        guard let text = command.option(option) else { return nil }
        guard let time = Timestamp(text) else {
            throw CommandFailure(
                .usage,
                "log search: --\(option) \(shown(text)): must be a time like 2026-11-24T08:00 or a date",
                vi:
                    "log search: --\(option) \(shown(text)): phải là thời điểm như 2026-11-24T08:00 hoặc ngày"
            )
        }
        return time
    }

    private static func searchLimit(_ command: ParsedCommand) throws -> Int64 {
        guard let text = command.option("limit") else { return 10_000 }
        guard let limit = Int64(text), (1...100_000_000).contains(limit) else {
            throw CommandFailure(
                .usage, "log search: --limit \(shown(text)): must be 1 to 100000000",
                vi: "log search: --limit \(shown(text)): phải từ 1 đến 100000000")
        }
        return limit
    }

    /// Writes to standard error, since standard output holds the lines alone. What could not be read is a failure,
    /// because the lines shown are then not all there are.
    private static func tellWhatIsMissing(
        _ outcome: QueryLogSearch.Outcome, _ language: Language
    ) throws {
        func say(_ vi: String, _ en: String) {
            StandardError.write("chot-agent: \(language == .vi ? vi : en)\n")
        }
        if outcome.isLimited {
            say(
                "chỉ hiển thị \(outcome.hits) dòng đầu; còn nữa (--limit)",
                "only the first \(outcome.hits) lines are shown; there are more (--limit)")
        }
        if outcome.lostLines > 0 {
            say(
                "trong thời gian này có \(outcome.lostLines) dòng không ghi được (các lượt vẫn được đếm)",
                "\(outcome.lostLines) lines of the files read could not be written (the queries were counted)"
            )
        }
        if outcome.unreadableLines > 0 {
            say(
                "\(outcome.unreadableLines) dòng không đọc được",
                "\(outcome.unreadableLines) lines cannot be read")
        }
        if outcome.filesOfOtherKeys > 0 {
            say(
                "\(outcome.filesOfOtherKeys) tệp ghi bằng khóa khác: không tìm được số định danh trong đó",
                "\(outcome.filesOfOtherKeys) files were written under another key: subjects cannot be found in them"
            )
        }
        guard outcome.unreadableFiles.isEmpty else {
            throw CommandFailure(
                .failed,
                "log search: not all could be read: "
                    + outcome.unreadableFiles.joined(separator: "; "),
                vi: "log search: không đọc được hết: "
                    + outcome.unreadableFiles.joined(separator: "; "))
        }
    }
}
