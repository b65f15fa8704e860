import Domain
import Glibc
import Platform
import Wire

/// The commands of `chot-fleet`.
public enum FleetProgram {
    static let places = ["socket", "wait-socket", "url", "ca", "state", "collector"]

    static let parser = CommandParser(
        program: "chot-fleet",
        about: (
            vi: "mô phỏng các điểm chốt của cả nước để đo năng lực máy chủ tổng hợp",
            en: "simulates a nation's agents, to see what a collector carries"
        ),
        commands: [
            CommandSpec(
                "prepare",
                "--state DIR --socket PATH | --url URL --ca FILE, --config FILE --units FILE [--agents 100] [--systems N] [--accounts 100]",
                options: places + ["units", "agents", "systems", "accounts"],
                vi:
                    "đăng ký hệ thống mô phỏng (mỗi hệ thống --accounts tài khoản) và ghi danh các điểm chốt; --config: cấu hình của máy chủ",
                en:
                    "registers made-up systems, each of --accounts accounts, and enrols agents; --config: the collector's"
            ),
            CommandSpec(
                "run",
                "--state DIR --socket PATH [--wait-socket PATH] | --url URL --ca FILE, [--scenario steady|ramp|herd|burst] [--agents N] [--rows 50] [--every 60s] [--duration 60s] [--drain 120s] [--wait] [--in-flight 64] [--batch 1] [--slow %] [--dead %] [--replays %] [--forks %] [--gaps %] [--skewed %] [--seed N] [--check --config FILE]",
                options: places + [
                    "scenario", "agents", "rows", "every", "duration", "drain", "in-flight",
                    "batch", "slow", "dead", "replays", "forks", "gaps", "skewed", "seed",
                ], flags: ["wait", "check"],
                vi:
                    "gửi bảng kê như các điểm chốt; --check: so tổng và mức đầy đủ của lần chạy này với máy chủ",
                en:
                    "pushes as agents do; --check: the collector's totals and coverage must be what this run sent"
            ),
        ])

    public static func main(_ words: [String]) -> Int32 {
        let language = chosenLanguage(words)
        do {
            Signals.prepare()
            let command = try parser.parse(words, language: language.rawValue)
            let tool = try CollectorTool(
                command, standardProgram: ownFolder() + "/chot-collector")
            if command.name == "prepare" {
                try prepare(command, tool)
                return 0
            }
            return try run(command, tool) ? 0 : 1
        } catch { return report(error, program: "chot-fleet", language: language) }
    }

    private static func ownFolder() -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, 4095)
        let text = String(
            decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
    }

    private static func prepare(_ command: ParsedCommand, _ tool: CollectorTool) throws {
        var settings = FleetSettings()
        try settings.target(command)
        let folder = try command.required("state")
        try FleetState.refuseAnother(in: folder)
        let agents = try command.number("agents", 1...10_000, 100)
        let nation = try MadeUpNation(
            unitsFile: try command.required("units"),
            systems: try command.number("systems", 1...2000, min(280, agents)),
            accounts: try command.number("accounts", 1...10_000, 100), agents: agents)
        try tool.checkConfig(command)
        try settings.reach()
        try Files.makeFolder(folder)
        try nation.write(to: "\(folder)/registry")
        for path in [try command.required("units"), "\(folder)/registry"] {
            _ = try tool.askUnlessStopped(["registry", "import", path])
        }
        var tokens: [EnrolmentToken] = []
        for system in 0..<nation.systems where nation.agents(of: system) > 0 {
            let text = try tool.askUnlessStopped([
                "agent", "token", nation.code(system), "--count", "\(nation.agents(of: system))",
            ])
            tokens += text.split(separator: "\n").compactMap { EnrolmentToken(String($0)) }
        }
        let (state, failure) = try Enrolment(
            settings: settings, tokens: tokens, accounts: nation.accounts
        ).run()
        if !state.agents.isEmpty { try state.save(folder) }
        if let failure { throw broken(failure, state.agents.count, of: tokens.count, folder) }
        guard command.option("format") == "json" else {
            return print("\(state.agents.count) agents of \(nation.systems) systems are enrolled")
        }
        func whole(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        let json = JSONValue.object([
            "agents": whole(state.agents.count), "systems": whole(nation.systems),
            "accounts": whole(nation.accounts),
        ])
        try printJSON(encodeJSON(json))
    }

    private static func broken(
        _ failure: String, _ enrolled: Int, of all: Int, _ folder: String
    ) -> CommandFailure {
        guard enrolled > 0 else {
            return CommandFailure(
                .failed, failure,
                vi: "không hoàn thành: \(failure)")
        }
        return CommandFailure(
            .failed,
            "\(failure); \(enrolled) of \(all) agents were enrolled by then and are kept in \(shown(folder)): chot-fleet run goes on with them",
            vi:
                "\(failure); đã ghi danh \(enrolled) trên \(all) điểm chốt, lưu trong \(shown(folder)): dùng tiếp bằng chot-fleet run"
        )
    }

    /// False: the collector does not have what was sent.
    private static func run(_ command: ParsedCommand, _ tool: CollectorTool) throws -> Bool {
        let settings = try FleetSettings(command)
        let folder = try command.required("state")
        var state = try FleetState.load(folder)
        let isChecked = command.flags.contains("check")
        if isChecked { try tool.checkConfig(command) }
        try settings.reach()
        let before = isChecked ? try tool.totals() : Totals()
        let fleet = try Fleet(state, settings)
        let sealed = try fleet.run()
        for (index, agent) in fleet.agents.enumerated() { state.agents[index] = agent.member }
        try state.save(folder)
        var report = FleetReport(fleet)
        if isChecked {
            report.check(before: before, after: try tool.totals(), fleet)
            if settings.scenario != .burst {
                let coverage = RunCoverage(fleet.agents, to: sealed)
                report.check(
                    coverage, gaps: try tool.gaps(from: coverage.from, to: coverage.to), fleet)
            }
        }
        print(
            command.option("format") == "json"
                ? String(decoding: try encodeJSON(report.json), as: UTF8.self) : report.text)
        return report.isRight
    }
}
