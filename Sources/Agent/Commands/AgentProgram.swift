import Domain
import Glibc
import Platform
import Wire

/// The commands of `chot-agent`.
public enum AgentProgram {
    public static let version = AgentVersion.text

    static let parser = CommandParser(
        program: "chot-agent",
        about: (
            vi: "điểm chốt: đếm lượt truy vấn CSDLQG về dân cư và thi hành lệnh khóa",
            en: "counts queries to the population database and enforces locks"
        ),
        commands: [
            CommandSpec(
                "enroll",
                "--collector URL --token T|--token-file F [--ca FILE] [--proxy URL] --state DIR [--systems]",
                options: ["collector", "token", "token-file", "ca", "proxy", "state"],
                flags: ["systems"],
                vi:
                    "ghi danh với máy chủ tổng hợp bằng mã một lần; khóa riêng tạo tại đây; --systems: một trong nhiều hệ thống, vào DIR/systems/MÃ",
                en:
                    "enrols with a one-time token; the private key is made here and stays; --systems: one of several systems, into DIR/systems/CODE"
            ),
            CommandSpec("run", vi: "chạy điểm chốt", en: "runs the agent"),
            CommandSpec("check-config", vi: "kiểm tra cấu hình", en: "checks the configuration"),
            CommandSpec(
                "nginx-config", "[--standalone] [--folder DIR --out DIR]",
                options: ["folder", "out"], flags: ["standalone"],
                vi: "in cấu hình nginx của cổng", en: "prints the gateway's nginx configuration"),
            CommandSpec(
                "status", "[--would-refuse]", flags: ["would-refuse"],
                vi:
                    "tình trạng điểm chốt (mã kết thúc 0: bình thường, 1: có việc cần xem, 69: không chạy); --would-refuse: lượt lẽ ra bị từ chối trong 7 ngày",
                en:
                    "how the running agent is doing (exit code 0: fine, 1: something to look after, 69: not running); --would-refuse: what rules would have refused"
            ),
            CommandSpec(
                "bypass", "--for 60m --reason TEXT | --end [--system S]",
                options: ["for", "reason", "system"], flags: ["end"],
                vi:
                    "tạm không từ chối theo quy tắc; vẫn đếm, báo Trung tâm, lệnh khóa vẫn áp dụng; --system: của hệ thống nào, khi có nhiều",
                en:
                    "rules refuse nothing for a time; counted, told, signed locks bind; --system: whose, when there are several"
            ),
            CommandSpec(
                "lockset import", "FILE", arguments: 1,
                vi: "nhận lệnh khóa và chính sách mang tới bằng tệp",
                en: "takes locks and policy from a file carried by hand"),
            logSearchSpec,
            countSpec,
            CommandSpec("version", vi: "phiên bản", en: "prints the version"),
        ])

    /// Runs a command line and returns the exit code.
    public static func main(_ arguments: [String]) -> Int32 {
        Memory.stayAsSmallAsNeeded()
        Signals.prepare()
        let language = chosenLanguage(arguments)
        do {
            let command = try parser.parse(arguments, language: language.rawValue)
            return try run(command, language).rawValue
        } catch {
            return report(error, program: "chot-agent", language: language)
        }
    }

    private static func run(_ command: ParsedCommand, _ language: Language) throws -> ExitCode {
        switch command.name {
        case "enroll": try enroll(command, language)
        case "version": print("chot-agent \(version)")
        case "check-config":
            let config = try config(command)
            warn(try guards(config, command), language)
            print("configuration is valid")
            for line in EnrolledSystems(config: config).lines(language) { print(line) }
        case "nginx-config": try nginxConfig(command)
        case "bypass": try bypass(command)
        case "log search": try logSearch(command, language)
        case "count": try count(command, language)
        case "lockset import": try locksetImport(command, language)
        case "status" where command.flags.contains("would-refuse"):
            try wouldRefuse(command, language)
        case "status": return try status(command, language)
        default:
            let config = try config(command)
            for finding in try guards(config, command) { Log.warning(finding.en) }
            try AgentRuntime(config: config).run()
        }
        return .ok
    }

    static func config(_ command: ParsedCommand) throws -> AgentConfig {
        try AgentConfig.load(command.option("config") ?? AgentConfig.defaultPath)
    }

    private static func guards(_ config: AgentConfig, _ command: ParsedCommand) throws
        -> [FileGuard.Finding]
    {
        let path = command.option("config") ?? AgentConfig.defaultPath
        return try FileGuard.check(AgentGuards(config: config, configPath: path).paths)
    }

    private static func enroll(_ command: ParsedCommand, _ language: Language) throws {
        let text: String
        if let token = command.option("token") {
            text = token
        } else if let file = command.option("token-file") {
            warn(try FileGuard.check([GuardedPath(file, .token)], .badInput), language)
            text = try Files.readNamedText(file, bytesMax: 4096)
        } else {
            throw CommandFailure(
                .usage, "enroll: --token or --token-file is needed (- reads standard input)",
                vi: "enroll: cần --token hoặc --token-file (- là đọc từ đầu vào chuẩn)")
        }
        guard let token = EnrolmentToken(text.filter { !$0.isWhitespace }) else {
            throw CommandFailure(
                .badInput,
                "enroll: the token is id.secret.rootfingerprint, as printed by chot-collector agent token",
                vi:
                    "enroll: mã ghi danh có dạng id.secret.rootfingerprint, như chot-collector agent token in ra"
            )
        }
        let url = try command.required("collector")
        guard url.hasPrefix("https://") else {
            throw CommandFailure(
                .usage, "enroll: --collector must begin with https://",
                vi: "enroll: --collector phải bắt đầu bằng https://")
        }
        guard !url.contains("@") else {
            throw CommandFailure(
                .usage, "enroll: --collector must hold no user or password, only an address",
                vi: "enroll: --collector chỉ gồm địa chỉ, không kèm tên người dùng hay mật khẩu")
        }
        // The folder is checked before a key is made in it.
        warn(try FileGuard.check([GuardedPath(try command.required("state"), .folder)]), language)
        let enrolment = Enrolment(
            collectorURL: url.hasSuffix("/") ? String(url.dropLast()) : url, token: token,
            state: try command.required("state"), caFile: command.option("ca"),
            proxy: try proxy(command))
        let identity =
            try command.flags.contains("systems")
            ? SystemEnrolment(enrolment: enrolment).run() : enrolment.run()
        print("enrolled as \(identity.agent)")
    }

    private static func proxy(_ command: ParsedCommand) throws -> String? {
        guard let proxy = command.option("proxy") else { return nil }
        if ForwardProxy.isValid(proxy) { return proxy }
        throw CommandFailure(
            .usage, "enroll: --proxy must be \(ForwardProxy.rule)",
            vi: "enroll: --proxy phải là \(ForwardProxy.ruleVi)")
    }

    private static func nginxConfig(_ command: ParsedCommand) throws {
        let config = try config(command)
        guard let gateway = config.gateway else {
            throw CommandFailure(
                .badConfig, "nginx-config: the configuration has no gateway",
                vi: "nginx-config: cấu hình không có phần gateway")
        }
        let name =
            config.systems.isEmpty
            ? (try? Identity.load(config.state).system.rawValue) ?? "?"
            : config.systems.map(\.code.rawValue).joined(separator: ", ")
        var nginx = NginxConfig(config: config, gateway: gateway, systemName: name)
        if let folder = command.option("folder") { nginx.folder = folder }
        nginx.scriptFolder = command.option("out") ?? nginx.folder
        if let problem = nginx.problem() {
            throw CommandFailure(
                .badConfig, "nginx-config: \(problem)",
                vi: "nginx-config: không tạo được: \(problem)")
        }
        let text = command.flags.contains("standalone") ? nginx.standalone() : nginx.included()
        try nginx.writeScript()
        guard let out = command.option("out") else { return print(text) }
        // A gateway that runs as a user of its own may read these two files; this program never sees its folder.
        try Files.writeAtomically("\(out)/nginx.conf", text, mode: 0o644)
    }
}
