import Domain
import Glibc
import Platform
import Wire

/// Asks the collector as its staff do: `chot-collector … --config FILE`.
struct CollectorTool {
    let program: String
    let config: String
    let folder: String

    init(
        _ command: ParsedCommand, standardProgram: String,
        standardConfig: String = "/etc/chot/collector.json5"
    ) throws {
        program = command.option("collector") ?? standardProgram
        config = command.option("config") ?? standardConfig
        folder = try command.required("state")
    }

    /// The collector itself would name the file, but not the option to give here.
    func checkConfig(_ command: ParsedCommand) throws {
        guard access(config, R_OK) != 0 else { return }
        let code: ExitCode = errno == ENOENT ? .noFile : .failed
        let why = textOfError(errno)
        if command.option("config") != nil {
            throw CommandFailure(
                code, "--config \(config): cannot be read: \(why)",
                vi: "--config \(config): không đọc được: \(why)")
        }
        throw CommandFailure(
            code,
            "the collector is asked by its configuration, but \(config) cannot be read: \(why); say where it is with --config FILE",
            vi:
                "cần cấu hình của máy chủ tổng hợp, nhưng không đọc được \(config): \(why); hãy chỉ ra bằng --config FILE"
        )
    }

    /// What it printed. An answer of any other end than success is an error.
    func ask(_ words: [String]) throws -> String {
        // Answers may hold tokens: in the fleet's own folder, 0700, never in a place that others can prepare.
        try Files.makeFolder(folder)
        let (path, nothing) = ("\(folder)/answer", "\(folder)/nothing")
        try Files.writeAtomically(nothing, [])
        defer {
            Files.remove(path)
            Files.remove(nothing)
        }
        Files.remove(path)
        let output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw FileError(path: path, action: .make, errno: errno) }
        defer { close(output) }
        let tool = try ToolProcess(
            program, words + ["--config", config], reading: try ByteSource(nothing),
            output: output, niceness: 0)
        guard tool.wait() == .ended(status: 0) else {
            throw CommandFailure(
                .failed, "\(program) \(words.joined(separator: " ")) failed",
                vi: "lệnh \(program) \(words.joined(separator: " ")) không thành công")
        }
        return try Files.readText(path, bytesMax: 256 << 20)
    }

    /// As `ask`; throws once a signal to stop has come. A question under way is answered first, unless the signal went to
    /// all of the terminal's programs.
    func askUnlessStopped(_ words: [String]) throws -> String {
        let stopped = CommandFailure(
            .failed, "stopped by a signal; no agent was enrolled",
            vi: "dừng theo tín hiệu; chưa ghi danh điểm chốt nào")
        if Signals.isStopWanted { throw stopped }
        do {
            let answer = try ask(words)
            if Signals.isStopWanted { throw stopped }
            return answer
        } catch { throw Signals.isStopWanted ? stopped as any Error : error }
    }

    private struct Usage: Decodable {
        struct Row: Decodable {
            let system: String
            let hour: String?
            let allowed: Int64
        }
        struct Coverage: Decodable {
            struct Gap: Decodable {
                let agent: AgentID
                let from: String
                let to: String
            }
            let missing: [Gap]
        }
        let rows: [Row]
        let coverage: Coverage
    }

    func totals() throws -> Totals {
        let text = try ask(["usage", "--by", "system,hour", "--format", "json"])
        var totals = Totals()
        for row in try decodeJSON(Usage.self, [UInt8](text.utf8)).rows {
            guard let hour = row.hour.flatMap({ Timestamp($0) }) else { continue }
            totals.add(row.allowed, SystemCode(unchecked: row.system), hour)
        }
        return totals
    }

    /// What is missing between two times, of any agent.
    func gaps(from: Timestamp, to: Timestamp) throws -> [RunCoverage.Gap] {
        let text = try ask([
            "usage", "--by", "system", "--format", "json", "--from", from.description,
            "--to", to.description,
        ])
        return try decodeJSON(Usage.self, [UInt8](text.utf8)).coverage.missing.map { gap in
            guard let from = Timestamp(gap.from), let to = Timestamp(gap.to) else {
                throw CommandFailure(
                    .failed, "the collector's usage names no times: \(shown(gap.from))",
                    vi: "usage của máy chủ không cho biết thời gian: \(shown(gap.from))")
            }
            return RunCoverage.Gap(agent: gap.agent, from: from, to: to)
        }
    }
}
