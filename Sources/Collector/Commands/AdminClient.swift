import CollectorStaff
import CollectorValues
import Domain
import FoundationEssentials
import Platform
import Wire

/// Sends a command to the running collector over its admin socket and prints the answer.
struct AdminClient {
    static let filesBytesMax = 64 << 20
    let config: CollectorConfig

    func run(_ command: ParsedCommand, _ language: Language) throws {
        switch command.name {
        case "evidence verify":
            return try EvidenceCommands(command: command, language: language).verify(self)
        case "evidence pack":
            return try EvidenceCommands(command: command, language: language).pack(self)
        default: break
        }
        let format = command.option("format") ?? "table"
        let isImport = command.name == "registry import"
        var options = command.options
        options["lang"] = [language.rawValue]
        let against = command.option("against").map { [$0] } ?? []
        var request = AdminRequest(
            command: command.name, options: options, flags: Array(command.flags),
            arguments: isImport ? [] : command.arguments,
            files: isImport
                ? try files(command.arguments)
                : try against.map {
                    .init(name: $0, text: try Files.readText($0))
                })
        if command.name == "lock export", let file = command.option("watch") {
            return try watch(request, file, format)
        }
        if command.name == "alerts watch" {
            return try AlertWatch(client: self, command: command, language: language).run()
        }
        if command.name == "backup" {
            request = try BackupCommands(command: command, language: language).request(request)
        }
        if command.name == "lockset export" { return try carry(request, command, language) }
        let answer = try ask(request)
        for warning in answer.warnings ?? [] {
            let word = language == .vi ? "cảnh báo" : "warning"
            StandardError.write("chot-collector: \(word): \(warning)\n")
        }
        print(answer, format)
    }

    /// Asks the collector only if the file can be made, so that the audit log tells of no export that nobody has.
    private func carry(
        _ request: AdminRequest, _ command: ParsedCommand, _ language: Language
    ) throws {
        let file = try command.required("out")
        try checkNew(file)
        try Files.writeNew(file, [UInt8]((try ask(request).text ?? "").utf8))
        Platform.print(
            language == .vi
                ? "đã ghi \(file); tại điểm chốt: chot-agent lockset import \(file)"
                : "wrote \(file); at the agent: chot-agent lockset import \(file)")
    }

    /// Throws if the file that a command is to write cannot be made. Existing files are never overwritten.
    func checkNew(_ file: String) throws {
        guard !Files.exists(file) else {
            throw CommandFailure(
                .badInput, "\(file) exists and is never written over; choose another name",
                vi: "\(file) đã có; không ghi đè, hãy chọn tên khác")
        }
        if let folder = Files.missingFolder(of: file) {
            throw CommandFailure(
                .noFile, "\(file): the folder \(folder) does not exist",
                vi: "\(file): không có thư mục \(folder)")
        }
        try Files.checkNew(file)
    }

    /// Keeps a file equal to the answer: asks every second, and writes it whole whenever it changes.
    /// Ends on SIGTERM. While the collector is away, the file stays as it was.
    private func watch(_ request: AdminRequest, _ file: String, _ format: String) throws {
        var written: String?
        while true {
            do {
                let answer = try ask(request)
                let text = (answer.text ?? "") + "\n"
                if text != written {
                    try Files.writeAtomically(file, text, mode: 0o644)
                    written = text
                }
            } catch let failure as CommandFailure where failure.code == .unavailable {
                Log.warning("the collector is away; the file stays as it is", ["file": file])
            }
            let pause = MonotonicClock.milliseconds() + 1000
            if Signals.takeStop(beforeMonotonicMilliseconds: pause) { return }
        }
    }

    /// Commands that read or copy everything may take any time. The wait also ends if the collector ends.
    private static let long: Set<String> = ["backup", "evidence pack", "registry import"]

    func ask(_ request: AdminRequest, timeoutMilliseconds: Int? = nil) throws -> AdminAnswer {
        let usual = Self.long.contains(request.command) ? 6 * 3_600_000 : 300_000
        let answer = try send(request, timeoutMilliseconds ?? usual)
        if answer.exit != 0 {
            // The error is in the language of the request already.
            let said = answer.error ?? "failed"
            throw CommandFailure(ExitCode(rawValue: answer.exit) ?? .failed, said, vi: said)
        }
        return answer
    }

    private func send(_ request: AdminRequest, _ timeoutMilliseconds: Int) throws -> AdminAnswer {
        var options = HTTPClientOptions()
        options.unixSocketPath = config.adminSocket
        do {
            let response = try HTTPClient(options).perform(
                HTTPClientRequest(
                    "POST", "http://collector/admin", body: encodeJSON(request),
                    timeoutMilliseconds: timeoutMilliseconds,
                    bodyBytesMax: 1 << 30))
            guard response.status == 200 else {
                throw CommandFailure(
                    .failed, "the collector answered \(response.status)",
                    vi: "máy chủ trả lời \(response.status)")
            }
            return try decodeJSON(AdminAnswer.self, response.body)
        } catch let error as HTTPClientError {
            throw CommandFailure(
                .unavailable,
                "the collector is not running or this user may not connect (no answer on \(config.adminSocket)): \(error)",
                vi:
                    "máy chủ tổng hợp không chạy hoặc người dùng này không được kết nối (\(config.adminSocket)): \(error.vietnamese)"
            )
        }
    }

    private func print(_ answer: AdminAnswer, _ format: String) {
        switch format {
        case "json":
            if let json = answer.json, let bytes = try? encodeJSON(json) {
                printJSON(bytes)
            } else if let text = answer.text {
                Platform.print(text)
            }
        default:
            if let columns = answer.columns, let rows = answer.rows {
                let table = TextTable(columns: columns, rows: rows)
                Platform.print(
                    format == "csv" ? table.csv() : table.text(),
                    terminator: format == "csv" ? "" : "\n")
                if format == "csv" {
                    // What is said beside the rows, such as coverage or released locks.
                    if let text = answer.text { StandardError.write(text + "\n") }
                    return
                }
            }
            if let text = answer.text { Platform.print(text) }
        }
    }

    /// Reads files, and every known file of a folder. The collector may not be able to read what the user can.
    private func files(_ paths: [String]) throws -> [AdminRequest.NamedFile] {
        guard !paths.isEmpty else {
            throw CommandFailure(
                .usage, "registry import: at least one file or folder is needed",
                vi: "registry import: cần ít nhất một tệp hoặc thư mục")
        }
        return try paths.flatMap { path -> [String] in
            let inside = RegistryKind.allCases.map { "\(path)/\($0.rawValue).csv" }.filter(
                Files.exists)
            return inside.isEmpty ? [path] : inside
        }.map { .init(name: $0, text: try Self.registryText($0)) }
    }

    private static func registryText(_ path: String) throws -> String {
        let bytes = try Files.read(path, bytesMax: filesBytesMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(
                .badInput, "\(path): is not UTF-8 text; save it as \"CSV UTF-8\"",
                vi: "\(path): không phải văn bản UTF-8; hãy lưu lại ở dạng \"CSV UTF-8\"")
        }
        return text
    }
}
