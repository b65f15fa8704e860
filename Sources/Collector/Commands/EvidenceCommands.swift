import CollectorBackups
import CollectorEvidence
import CollectorStaff
import CollectorUsage
import Domain
import Platform
import Wire

/// Commands about evidence that do some of their work on the client's side.
struct EvidenceCommands {
    let command: ParsedCommand
    let language: Language

    private func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }

    // MARK: verify

    /// Asks for one part of the systems after the other, and tells of all of them. Exits with 1 if something was found.
    func verify(_ client: AdminClient) throws {
        var result = EvidenceCheckResult()
        var after: String?
        repeat {
            var options = command.options
            options["lang"] = [language.rawValue]
            options["after"] = after.map { [$0] }
            let answer = try client.ask(
                AdminRequest(
                    command: command.name, options: options, flags: [], arguments: [], files: []),
                timeoutMilliseconds: 3_600_000 * 6)
            result.add(
                try decodeJSON(EvidenceCheckResult.self, [UInt8]((answer.text ?? "").utf8)))
            after = nil
            if case .object(let fields) = answer.json, case .string(let next) = fields["next"] {
                after = next
            }
        } while after != nil
        print(result)
        guard result.found > 0 else { return }
        throw CommandFailure(
            .failed, "evidence verify: \(result.found) things do not agree with what was signed",
            vi: "evidence verify: \(result.found) điểm không khớp với dữ liệu đã ký")
    }

    private func print(_ result: EvidenceCheckResult) {
        let table = TextTable(
            columns: EvidenceFinding.columns, rows: result.findings.map { $0.cells(language) })
        switch command.option("format") ?? "table" {
        case "json":
            if let bytes = try? encodeJSON(result) {
                printJSON(bytes)
            }
        case "csv": Platform.print(table.csv(), terminator: "")
        default:
            if !result.findings.isEmpty { Platform.print(table.text()) }
            Platform.print(
                say(
                    "\(result.systems) hệ thống, \(result.agents) điểm chốt: đã kiểm tra \(result.summaries) bảng kê (\(result.quarantined) không tính), \(result.rows) dòng, \(result.totals) số tổng; \(result.found) điểm sai lệch",
                    "\(result.systems) systems, \(result.agents) agents: checked \(result.summaries) summaries (\(result.quarantined) quarantined), \(result.rows) rows, \(result.totals) totals; \(result.found) discrepancies"
                ))
            for line in result.uncheckable {
                Platform.print(
                    say("không kiểm tra lại được: ", "cannot be checked again: ") + line[language])
            }
        }
    }

    // MARK: pack

    /// Writes the archive to a new file.
    func pack(_ client: AdminClient) throws {
        let file = try command.required("out")
        // Checked before the collector writes into its audit log that there is a pack.
        try client.checkNew(file)
        var flags = Array(command.flags)
        var files: [AdminRequest.NamedFile] = []
        if let path = command.option("annex-passphrase-file") {
            let text = try BackupCommands.newPassphrase(
                path, of: Localized(vi: "phụ lục", en: "the annex"))
            files = [.init(name: "passphrase", text: text)]
            flags.append("annex")
        }
        var options = command.options
        options["lang"] = [language.rawValue]
        options["annex-passphrase-file"] = nil
        let answer = try client.ask(
            AdminRequest(
                command: command.name, options: options, flags: flags,
                arguments: command.arguments, files: files))
        guard let archive = (answer.text).flatMap({ Base64URL.decode($0) }) else {
            throw CommandFailure(
                .failed, "the collector sent no archive",
                vi: "máy chủ không gửi bộ hồ sơ")
        }
        try Files.writeNew(file, archive)
        if command.option("format") == "json", let json = answer.json {
            try printJSON(encodeJSON(json))
            return
        }
        Platform.print(
            say(
                "đã ghi \(file) (\(archive.count) byte, sha256 \(Digest.hex(Digest.sha256(archive)))); kiểm tra: chot-collector evidence verify-pack \(file)",
                "wrote \(file) (\(archive.count) bytes, sha256 \(Digest.hex(Digest.sha256(archive)))); to check: chot-collector evidence verify-pack \(file)"
            ))
    }

    // MARK: verify-pack

    /// Needs no server. Exits with 1 if something is wrong, with 65 if the file is no pack at all.
    func verifyPack() throws {
        let path = try command.argument(0, "a pack")
        guard !Files.isFolder(path) else {
            throw CommandFailure(
                .badInput, "\(path) is a folder; name the file of a pack",
                vi: "\(path) là thư mục; hãy chỉ ra tệp của bộ hồ sơ")
        }
        let bytes = try Files.read(path, bytesMax: PackVerification.limits.archiveBytesMax)
        let result: PackVerification.Result
        do {
            result = try PackVerification.verify(bytes, root: command.option("root"))
        } catch {
            throw CommandFailure(
                .badInput, "\(path): \(error)",
                vi: "\(path): không phải bộ hồ sơ hợp lệ (\(error.vietnamese))")
        }
        if command.option("format") == "json" {
            try printJSON(encodeJSON(result.json))
        } else {
            Platform.print(result.text(language))
        }
        guard !result.isSound else { return }
        let names = result.checks.filter { !$0.isSound }.map(\.name)
        throw CommandFailure(
            .failed, "evidence verify-pack: wrong: \(names.joined(separator: ", "))",
            vi: "evidence verify-pack: sai: \(names.joined(separator: ", "))")
    }
}
