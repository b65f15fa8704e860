import CollectorBackups
import CollectorStore
import CollectorValues
import Domain
import Glibc
import Platform
import Wire

/// The commands of `chot-collector`.
public enum CollectorProgram {
    public static let version = "0.1.0"

    static let parser = CommandParser(
        program: "chot-collector",
        about: (
            vi: "máy chủ tổng hợp: cộng số liệu toàn quốc, phát hiện bất thường, phát lệnh khóa",
            en: "adds up usage nationwide, finds anomalies, returns locks"
        ),
        commands: [
            CommandSpec(
                "init", "--state DIR [--listen HOST:PORT]", options: ["state", "listen"],
                vi: "tạo khóa, cơ sở dữ liệu, chứng thư và cấu hình",
                en: "makes keys, certificate and configuration"),
            CommandSpec("serve", vi: "chạy máy chủ tổng hợp", en: "runs the collector"),
            CommandSpec("check-config", vi: "kiểm tra cấu hình", en: "checks the configuration"),
            CommandSpec(
                "nginx-config",
                "[--standalone] [--folder DIR] [--logs DIR] [--bodies DIR] [--credentials DIR]",
                options: ["folder", "logs", "bodies", "credentials"], flags: ["standalone"],
                vi: "in cấu hình nginx của cổng TLS",
                en: "prints the TLS front's nginx configuration"),
            CommandSpec("version", vi: "phiên bản", en: "prints the version"),
            CommandSpec(
                "registry import", "PATH... [--as KIND] [--dry-run] [--replace] [--confirm N]",
                arguments: .max, options: ["as", "confirm"],
                flags: ["dry-run", "replace"],
                vi: "nhập các biểu mẫu đăng ký (CSV)",
                en: "imports registry files (CSV), all of a file or nothing"),
            CommandSpec(
                "registry list", "units|systems|services|accounts|notices [--unmask --reason TEXT]",
                arguments: 1,
                options: ["reason"], flags: ["unmask"],
                vi: "xem danh mục đăng ký", en: "lists the registry, personal data masked"),
            CommandSpec(
                "agent token", "SYSTEM [--ttl 24h] [--count N]", arguments: 1,
                options: ["ttl", "count"],
                vi: "cấp mã ghi danh dùng một lần, mỗi dòng một mã",
                en: "prints one-time enrolment tokens, one a line"),
            CommandSpec("agent list", vi: "các điểm chốt", en: "lists agents"),
            CommandSpec(
                "agent show", "ID [--jwk]", arguments: 1, flags: ["jwk"], vi: "một điểm chốt",
                en: "shows an agent"),
            CommandSpec(
                "agent revoke", "ID [--reason TEXT]", arguments: 1, options: ["reason"],
                vi: "thu hồi khóa của điểm chốt", en: "revokes an agent's key"),
            CommandSpec(
                "agent mode", "SYSTEM observe|enforce [--confirm N]", arguments: 2,
                options: ["confirm"], vi: "theo dõi hay thi hành", en: "observe or enforce"),
            CommandSpec(
                "usage",
                "[--from T] [--to T] [--unit U] [--system S] [--service V] [--account A] [--window office|off] [--by KEYS] [--top N]",
                options: [
                    "from", "to", "unit", "system", "service", "account", "window", "by", "top",
                ],
                vi: "tổng lượt truy vấn và mức đầy đủ", en: "totals with their coverage"),
            CommandSpec(
                "alerts list",
                "[--rule R] [--unit U] [--severity S] [--state open|resolved] [--from T] [--to T] [--limit N]",
                options: ["rule", "unit", "severity", "state", "from", "to", "limit"],
                vi:
                    "các cảnh báo, nặng nhất trước, rồi mới nhất; --severity S: từ mức S trở lên (info, warning, critical)",
                en:
                    "lists alerts, loudest first, then latest; --severity S: that loud or louder (info, warning, critical)"
            ),
            CommandSpec(
                "alerts show", "ID", arguments: 1, vi: "một cảnh báo", en: "shows an alert"),
            CommandSpec(
                "alerts resolve", "ID --note TEXT", arguments: 1, options: ["note"],
                vi: "đóng cảnh báo",
                en: "resolves an alert"),
            CommandSpec(
                "alerts watch", "[--exec CMD] [--after NUMBER]", options: ["exec", "after"],
                vi: "theo dõi cảnh báo mới; --exec chạy lệnh với cảnh báo ở đầu vào chuẩn",
                en: "follows new alerts; --exec runs a command with the alert on standard input"),
            CommandSpec(
                "shift report", "[--from T] [--to T]", options: ["from", "to"],
                vi: "báo cáo giao ca: 12 giờ qua nếu không nêu",
                en: "what the next duty officer must know: the last 12 hours unless told"),
            CommandSpec(
                "lock add",
                "--scope SCOPE --reason TEXT --for 24h|--until T|--indefinite [--basis DOC] [--confirm SCOPE]",
                options: ["scope", "reason", "for", "until", "basis", "confirm"],
                flags: ["indefinite"],
                vi: "ra lệnh khóa", en: "issues a lock"),
            CommandSpec(
                "lock list", "[--all]", flags: ["all"], vi: "các lệnh khóa", en: "lists locks"),
            CommandSpec("lock show", "ID", arguments: 1, vi: "một lệnh khóa", en: "shows a lock"),
            CommandSpec(
                "lock release", "ID --reason TEXT [--outcome justified|mistaken]", arguments: 1,
                options: ["reason", "outcome"],
                vi: "mở khóa", en: "releases a lock"),
            CommandSpec(
                "lock approve", "ID [--for 24h|--until T] [--reason TEXT] [--confirm SCOPE]",
                arguments: 1,
                options: ["for", "until", "reason", "confirm"],
                vi: "duyệt đề xuất khóa", en: "approves a proposal"),
            CommandSpec(
                "lock reject", "ID --reason TEXT", arguments: 1, options: ["reason"],
                vi: "không duyệt đề xuất khóa", en: "rejects a proposal"),
            CommandSpec(
                "lock replace", "ID --scope SCOPE --reason TEXT [--confirm SCOPE]", arguments: 1,
                options: ["scope", "reason", "confirm"],
                vi: "thay bằng phạm vi khác, không gián đoạn",
                en: "puts a lock of another scope in its place, without a gap"),
            CommandSpec(
                "lock preview", "--scope SCOPE", options: ["scope"],
                vi: "lệnh khóa sẽ từ chối những gì", en: "tells what a lock would refuse"),
            CommandSpec(
                "lock export", "--format nginx-map|json [--watch FILE]",
                options: ["format", "watch"],
                vi: "xuất lệnh khóa cho biên của CSDLQG; --watch giữ tệp luôn mới",
                en: "writes the active locks for the NPD's own edge; --watch keeps a file current"),
            CommandSpec(
                "quota grant",
                "--scope SCOPE --queries N --for 24h|--until T --reason TEXT [--window office|off]",
                options: ["scope", "queries", "for", "until", "reason", "window"],
                vi: "cấp hạn mức bổ sung tạm thời", en: "grants a temporary allowance"),
            CommandSpec(
                "quota list", vi: "các hạn mức bổ sung còn hiệu lực",
                en: "lists allowances in force"),
            CommandSpec(
                "lockset export", "--system SYSTEM --out FILE", options: ["system", "out"],
                vi: "ghi lệnh khóa và chính sách ra tệp để mang tay tới điểm chốt",
                en: "writes locks and policy to a file that is carried to an agent by hand"),
            CommandSpec(
                "emergency", "UNIT --for 12h|--until T --decision DOC | UNIT --end --decision DOC",
                arguments: 1,
                options: ["for", "until", "decision"], flags: ["end"],
                vi: "tình huống khẩn cấp: R1–R3 chỉ cảnh báo, bỏ mức tối đa ngoài giờ",
                en: "R1–R3 only alert, the off-hours cap is lifted"),
            CommandSpec(
                "evidence show", "--agent ID --seq N [--epoch E] [--refused] [--raw]",
                options: ["agent", "seq", "epoch"], flags: ["raw", "refused"],
                vi: "bảng kê đã ký, kể cả bản bị từ chối vì rẽ nhánh hoặc đứt chuỗi",
                en: "shows a signed summary, and what was refused as its fork or chain break"),
            CommandSpec(
                "evidence verify", "[--agent ID] [--from T] [--to T]",
                options: ["agent", "from", "to"],
                vi: "kiểm tra lại chữ ký, chuỗi bảng kê và số tổng",
                en: "checks again signatures, chains, and that totals are the sum of evidence"),
            CommandSpec(
                "evidence pack",
                "LOCKID --out FILE [--reason TEXT] [--annex-passphrase-file FILE]", arguments: 1,
                options: ["out", "reason", "annex-passphrase-file"],
                vi:
                    "lập bộ hồ sơ dữ liệu điện tử của một lệnh khóa (tối đa 64 MiB), có biên bản để in",
                en: "writes one archive (64 MiB at most) that proves a lock, with minutes to print"),
            CommandSpec(
                "evidence verify-pack", "FILE [--root THUMBPRINT]", arguments: 1, options: ["root"],
                vi: "kiểm tra bộ hồ sơ, không cần máy chủ", en: "checks a pack, without a server"),
            CommandSpec(
                "audit list", "[--from T] [--to T] [--who TEXT] [--action NAME]",
                options: ["from", "to", "who", "action"], vi: "nhật ký thao tác",
                en: "lists the audit log"),
            CommandSpec(
                "audit verify", "[--against FILE]", options: ["against"],
                vi: "kiểm tra nhật ký thao tác có bị sửa; đối chiếu với tệp của điểm chốt",
                en: "finds changed, missing or moved entries; compares with an agent's digests"),
            CommandSpec(
                "clock show", vi: "giờ mà máy chủ đang dùng và vì sao",
                en: "shows the time that the collector uses, and why"),
            CommandSpec(
                "clock accept", "--reason TEXT", options: ["reason"],
                vi: "xác nhận giờ của máy là đúng, sau khi đồng hồ bị chỉnh",
                en: "vouches for the machine's clock after it was moved"),
            CommandSpec(
                "backup", "FILE --recipient PUBLIC|--passphrase-file FILE|--unsealed", arguments: 1,
                options: ["recipient", "passphrase-file"], flags: ["unsealed"],
                vi: "sao lưu khi đang chạy (gồm cả khóa ký), niêm phong cho ai mở được",
                en:
                    "backs up the running collector, its signing key included, sealed for who may open it"
            ),
            CommandSpec(
                "backup-key", "FILE", arguments: 1,
                vi: "tạo cặp khóa để niêm phong (FILE.pub) và mở (FILE) bản sao lưu",
                en: "makes the keys that seal (FILE.pub) and open (FILE) backups"),
            CommandSpec(
                "restore",
                "FILE [--state DIR] [--identity PRIVATE|--passphrase-file FILE] [--accept-mismatch REASON]",
                arguments: 1, options: ["state", "identity", "passphrase-file", "accept-mismatch"],
                vi:
                    "khôi phục từ bản sao lưu khi máy chủ đã dừng; dữ liệu hiện tại được để riêng, không xóa",
                en:
                    "puts a backup back while the collector is stopped; the present data is set aside"
            ),
        ])

    /// Runs a command line and returns the exit code.
    public static func main(_ arguments: [String]) -> Int32 {
        Signals.prepare()
        let language = chosenLanguage(arguments)
        do {
            let command = try parser.parse(arguments, language: language.rawValue)
            try run(command, language)
            return ExitCode.ok.rawValue
        } catch {
            return report(error, program: "chot-collector", language: language)
        }
    }

    private static func run(_ command: ParsedCommand, _ language: Language) throws {
        switch command.name {
        case "init": try initialise(command, language)
        case "serve":
            let config = try checkedConfig(command)
            for finding in try guards(config, command) { Log.warning(finding.en) }
            try CollectorServer.serve(config)
        case "version": print("chot-collector \(version)")
        case "check-config":
            let config = try checkedConfig(command)
            warn(try guards(config, command), language)
            print("configuration is valid")
        case "nginx-config":
            let front = FrontConfig(config: try config(command), command)
            if let path = front.problem() {
                throw CommandFailure(
                    .usage,
                    "nginx-config: nginx takes no path like \(shown(path)); it must begin with / "
                        + "and hold no blanks, quotes, \\, $, ;, #, { or }",
                    vi:
                        "nginx-config: nginx không nhận đường dẫn \(shown(path)); phải bắt đầu bằng / "
                        + "và không có dấu cách, dấu nháy, \\, $, ;, #, { hoặc }")
            }
            try front.makeFolder()
            print(command.flags.contains("standalone") ? front.standalone() : front.http())
        case "evidence verify-pack":
            try EvidenceCommands(command: command, language: language).verifyPack()
        case "backup-key": try BackupCommands(command: command, language: language).makeKey()
        case "restore": try restore(command, language)
        default: try AdminClient(config: try config(command)).run(command, language)
        }
    }

    private static func config(_ command: ParsedCommand) throws -> CollectorConfig {
        try CollectorConfig.load(command.option("config") ?? CollectorConfig.defaultPath)
    }

    private static func guards(_ config: CollectorConfig, _ command: ParsedCommand) throws
        -> [FileGuard.Finding]
    {
        let path = command.option("config") ?? CollectorConfig.defaultPath
        return try FileGuard.check(CollectorGuards(config: config, configPath: path).paths)
    }

    /// Reads the configuration and checks the files that it names, which only the server reads.
    private static func checkedConfig(_ command: ParsedCommand) throws -> CollectorConfig {
        let config = try config(command)
        try config.notify.checkFiles(command.option("config") ?? CollectorConfig.defaultPath)
        return config
    }

    private static func restore(_ command: ParsedCommand, _ language: Language) throws {
        // On an empty machine the configuration comes from the backup, too.
        let state = try command.option("state") ?? config(command).state
        let backup = try command.argument(0, "a backup")
        try Restore.checkIsFile(backup)
        let reason = command.option("accept-mismatch")
        guard reason?.isEmpty != true else {
            throw CommandFailure(
                .usage, "restore: --accept-mismatch needs a reason",
                vi: "restore: --accept-mismatch cần nêu lý do")
        }
        let opener = try BackupCommands(command: command, language: language).opener()
        warn(try FileGuard.check([GuardedPath(state, .folder)]), language)
        try Initialise.makeState(state)
        let outcome = try Restore(
            state: state, now: .now, opener: opener, accepted: reason,
            retention: try? config(command).retention
        ).run(backup, by: "uid \(getuid())")
        func say(_ vi: String, _ en: String) { print(language == .vi ? vi : en) }
        say(
            "đã khôi phục bản sao lưu lúc \(outcome.madeAt.rfc3339Seconds): thế hệ \(outcome.generation), \(outcome.locks) lệnh khóa",
            "restored the backup of \(outcome.madeAt.rfc3339Seconds): generation \(outcome.generation), \(outcome.locks) locks in force"
        )
        say("sha256 \(outcome.sha256)", "sha256 \(outcome.sha256)")
        for note in outcome.check.notes {
            say("chưa kiểm tra: \(note.vi)", "not checked: \(note.en)")
        }
        for problem in outcome.check.problems {
            say("đã chấp nhận: \(problem.vi)", "accepted: \(problem.en)")
        }
        if let aside = outcome.aside {
            say("dữ liệu trước đó nằm ở \(aside)", "the former database lies at \(aside)")
        }
        if !outcome.files.isEmpty {
            let files = outcome.files.joined(separator: ", ")
            say("đã ghi lại: \(files)", "written anew: \(files)")
        }
        say(
            "Sau khi chạy lại, các điểm chốt gửi lại số liệu (8 ngày gần nhất) và lệnh khóa ban hành sau bản sao lưu. Mất hẳn: đề xuất, cảnh báo, nhật ký thao tác sau mục \(outcome.auditEntries), thay đổi đăng ký và các điểm chốt ghi danh sau bản sao lưu (phải ghi danh lại).",
            "Once it runs, agents send again their counts (of the last 8 days) and the locks issued after the backup. Lost: proposals, alerts, audit entries after \(outcome.auditEntries), changes of the registry, and agents enrolled after the backup (they must enrol again)."
        )
    }

    private static func initialise(_ command: ParsedCommand, _ language: Language) throws {
        let text = command.option("listen") ?? "127.0.0.1:8470"
        guard let listen = ListenAddress(text), case .tcp = listen else {
            throw CommandFailure(
                .usage, "--listen \(shown(text)): must be ADDRESS:PORT",
                vi: "--listen \(shown(text)): phải có dạng ADDRESS:PORT")
        }
        let state = try command.required("state")
        // Checked before keys are made in it.
        warn(try FileGuard.check([GuardedPath(state, .folder)]), language)
        try Initialise(state: state, listen: listen).run()
        print(
            "made \(state): keep \(state)/root offline; next: chot-collector serve --config \(state)/collector.json5"
        )
    }
}
