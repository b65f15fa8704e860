import Domain
import Glibc
import Platform
import Wire

/// `chot-agent log search`.
extension AgentProgram {
    static let logSearchSpec = CommandSpec(
        "log search",
        "[--subject-file F|-] [--account A] [--from T] [--to T] [--service V] [--verdict V] [--request ID] [--limit N]",
        options: [
            "subject-file", "account", "from", "to", "service", "verdict", "request", "limit",
        ],
        vi:
            "tra nhật ký truy cập tại chỗ; tệp F mỗi dòng một số định danh; lần tra được ghi lại trước khi hiển thị",
        en: "searches the local log of accesses, itself logged; F holds one subject number a line")

    static func logSearch(_ command: ParsedCommand, _ language: Language) throws {
        let config = try config(command)
        let folder = QueryLogFolder(state: config.state)
        guard Files.exists(folder.path) else {
            throw CommandFailure(
                .noFile, "\(folder.path): no query log is kept here",
                vi: "\(folder.path): nơi này chưa có nhật ký truy cập")
        }
        if let problem = Files.problem(ofFolder: folder.path) { throw problem }
        var filter = try searchFilter(command, config)
        let limit = try searchLimit(command)
        var keyID: String?
        if let path = command.option("subject-file") {
            let key = try QueryLogKey.load(config.state)
            let digest = try key.makeDigest()
            keyID = key.id
            filter.subjects = Dictionary(
                try SubjectFile(path).numbers.map { (digest.subject($0.number), $0.line) },
                uniquingKeysWith: min)
        }
        let format = command.option("format").flatMap(SearchOutput.Format.init) ?? .table
        var output = SearchOutput(format, language)
        var spool = try SearchSpool(folder: folder.path)
        var isStopped = false
        let outcome = try QueryLogSearch(
            folder: folder, filter: filter, keyID: keyID, limit: limit
        ).run(into: &spool) {
            // Stop signals are blocked, so Ctrl-C waits here.
            isStopped =
                isStopped
                || Signals.takeStop(beforeMonotonicMilliseconds: MonotonicClock.milliseconds())
            return isStopped
        } seen: {
            output.see($0)
        }
        guard !isStopped else { throw CommandFailure(.failed, "log search: stopped") }
        try keepRecord(filter, outcome, folder)
        _ = try output.show(spool, outcome)
        try tellWhatIsMissing(outcome, limit, language)
    }

    /// Who looked for whom is on the disk before anything is shown.
    private static func keepRecord(
        _ filter: SearchFilter, _ outcome: QueryLogSearch.Outcome, _ folder: QueryLogFolder
    ) throws {
        let now = Timestamp(milliseconds: WallClock.milliseconds())
        do {
            try SearchRecord(by: .current(), at: now, filter: filter, outcome: outcome)
                .append(to: folder.path, at: now)
        } catch {
            throw CommandFailure(
                .failed, "log search: the search cannot be logged, so nothing is shown: \(error)",
                vi: "log search: không ghi được lần tra cứu nên không hiển thị kết quả: \(error)")
        }
    }

    private static func searchFilter(_ command: ParsedCommand, _ config: AgentConfig) throws
        -> SearchFilter
    {
        var filter = SearchFilter()
        filter.from = try searchTime(command, "from")
        filter.to = try searchTime(command, "to")
        if let from = filter.from, let to = filter.to, from >= to {
            throw CommandFailure(
                .usage, "log search: --from \(from) is not before --to \(to)",
                vi: "log search: --from \(from) không trước --to \(to)")
        }
        let system = (try? Identity.load(config.state))?.system.rawValue
        filter.logins = (command.options["account"] ?? []).map { account in
            // An account is login@system; the log is of one system and holds logins.
            guard let system, account.hasSuffix("@" + system) else { return account }
            return String(account.dropLast(system.count + 1))
        }
        filter.services = command.options["service"] ?? []
        filter.requests = command.options["request"] ?? []
        filter.verdicts = try (command.options["verdict"] ?? []).map { text in
            guard let verdict = Verdict(rawValue: text) else {
                throw CommandFailure(
                    .usage,
                    "log search: --verdict \(shown(text)): must be allow, throttle, challenge or deny"
                )
            }
            return verdict
        }
        for values in [filter.logins, filter.services, filter.requests]
        where values.count > SearchFilter.valuesMax || values.contains(where: \.isEmpty) {
            throw CommandFailure(
                .usage,
                "log search: --account, --service, --request: at most \(SearchFilter.valuesMax) of each, none empty"
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
                .usage, "log search: --limit \(shown(text)): must be 1 to 100000000")
        }
        return limit
    }

    /// On standard error, since standard output holds the lines alone. What could not be read is a failure: the
    /// lines shown are not all there are.
    private static func tellWhatIsMissing(
        _ outcome: QueryLogSearch.Outcome, _ limit: Int64, _ language: Language
    ) throws {
        func say(_ vi: String, _ en: String) {
            StandardError.write("chot-agent: \(language == .vi ? vi : en)\n")
        }
        if outcome.isLimited {
            say(
                "chỉ hiển thị \(limit) dòng đầu; còn nữa (--limit)",
                "only the first \(limit) lines are shown; there are more (--limit)")
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
