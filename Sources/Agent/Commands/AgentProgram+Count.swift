import Domain
import Glibc
import Platform
import Wire

/// `chot-agent count` uses the log reader alone: it needs no configuration, no state and no collector.
extension AgentProgram {
    static let countSpec = CommandSpec(
        "count",
        """
        [--format combined|json|'<nginx log_format>'] [--account V] [--service V] \
        [--by account,service,window,day,date,hour,status] [--output table|json|csv] FILE...
        """,
        arguments: .max, options: ["format", "account", "service", "by", "output"],
        vi: """
            đếm lượt trong nhật ký nginx theo tài khoản, dịch vụ, khung giờ (giờ Việt Nam); V: biến như
                  $remote_user (mặc định), $http_x_account, $request_path[2] (mặc định của --service); - là đầu vào chuẩn
            """,
        en: """
            counts the lines of nginx logs by account, service and window (Vietnamese time); V: a variable like
                  $remote_user (default), $http_x_account, $request_path[2] (default of --service); - is standard input
            """)

    static func count(_ command: ParsedCommand, _ language: Language) throws {
        guard !command.arguments.isEmpty else {
            throw CommandFailure(
                .usage, "count: FILE is needed (- is standard input); see --help",
                vi: "count: cần FILE (- là đầu vào chuẩn); xem --help")
        }
        let output = try countOutput(command)
        let counting = try LogCounting(command)
        for file in command.arguments { try read(file, into: counting) }
        let report = CountReport(counting: counting, language: language)
        // The reader has gone away (a closed pipe); that is no failure of ours.
        guard report.write(output) else { return }
        StandardError.write(report.closing() + "\n")
        guard counting.totals.counted > 0 || counting.bad.count == 0 else {
            throw CommandFailure(
                .badInput, "count: no line fits the format; see the samples and --format",
                vi: "count: không dòng nào đúng định dạng; xem các dòng mẫu và --format")
        }
    }

    private static func read(_ file: String, into counting: LogCounting) throws {
        guard file != "-" else { return try counting.read(0, path: "standard input") }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: file, action: .open, errno: errno) }
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        try counting.read(descriptor, path: file)
    }

    private static func countOutput(_ command: ParsedCommand) throws -> CountReport.Output {
        let text = command.option("output") ?? "table"
        guard let output = CountReport.Output(rawValue: text) else {
            throw CommandFailure(
                .usage, "count: --output \"\(shown(text))\"; must be table, json or csv",
                vi: "count: --output \"\(shown(text))\" không hợp lệ; phải là table, json hoặc csv")
        }
        return output
    }
}

extension LogCounting {
    fileprivate convenience init(_ command: ParsedCommand) throws {
        func reading<T>(_ option: String, _ body: () throws(LogFormatError) -> T) throws -> T {
            do { return try body() } catch {
                throw CommandFailure(
                    .usage, "count: --\(option) \(error)",
                    vi: "count: --\(option) không hợp lệ: \(error)")
            }
        }
        func expression(_ option: String, _ standard: LogExpression) throws -> LogExpression {
            guard let text = command.option(option) else { return standard }
            // A bare name would look like a filter, yet count every line under it.
            guard text.hasPrefix("$") else {
                throw CommandFailure(
                    .usage,
                    "count: --\(option) \"\(shown(text))\"; must be a variable like $remote_user or $request_path[2]",
                    vi:
                        "count: --\(option) \"\(shown(text))\" không hợp lệ; phải là một biến như $remote_user hoặc $request_path[2]"
                )
            }
            return try reading(option) { () throws(LogFormatError) in try LogExpression(text) }
        }
        let format = try reading("format") { () throws(LogFormatError) in
            try LogFormat(command.option("format") ?? "combined")
        }
        let by = (command.option("by") ?? "account,service").split(
            separator: ",", omittingEmptySubsequences: false)
        let columns = by.compactMap { CountColumn(rawValue: String($0)) }
        guard columns.count == by.count, Set(columns).count == columns.count else {
            throw CommandFailure(
                .usage,
                "count: --by \"\(shown(command.option("by") ?? ""))\"; must be some of "
                    + CountColumn.allCases.map(\.rawValue).joined(separator: ","),
                vi: "count: --by \"\(shown(command.option("by") ?? ""))\" không hợp lệ; chọn trong "
                    + CountColumn.allCases.map(\.rawValue).joined(separator: ","))
        }
        let account = try expression("account", .account)
        let service = try expression("service", .service)
        try self.init(format, account, service, columns)
    }

    private convenience init(
        _ format: LogFormat, _ account: LogExpression, _ service: LogExpression,
        _ by: [CountColumn]
    ) throws {
        do throws(LogFormatError) {
            // Columns that are not asked for need not be in the format.
            try self.init(
                format: format,
                account: by.contains(.account) ? account : LogExpression(.constant([])),
                service: by.contains(.service) ? service : LogExpression(.constant([])), by: by)
        } catch {
            throw CommandFailure(
                .usage, "count: --format \(error)",
                vi: "count: --format không hợp lệ: \(error)")
        }
    }
}
