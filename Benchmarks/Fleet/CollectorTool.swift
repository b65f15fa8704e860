import Domain
import Glibc
import Platform
import Wire

/// Asks the collector as its staff do: `chot-collector … --config FILE`.
struct CollectorTool {
    let program: String
    let config: String
    let folder: String

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
        guard output >= 0 else { throw FileError(path: path, action: "make", errno: errno) }
        defer { close(output) }
        let tool = try ToolProcess(
            program, words + ["--config", config], reading: try ByteSource(nothing),
            output: output, niceness: 0)
        guard tool.wait() == .ended(status: 0) else {
            throw CommandFailure(.failed, "\(program) \(words.joined(separator: " ")) failed")
        }
        return try Files.readText(path, bytesMax: 256 << 20)
    }

    private struct Usage: Decodable {
        struct Row: Decodable {
            let system: String
            let hour: String?
            let allowed: Int64
        }
        struct Coverage: Decodable {
            struct Gap: Decodable { let agent: String }
            let expected: Int
            let complete: Int
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

    /// How many agents are complete up to a time, of how many, and which are not.
    func coverage(to time: Timestamp) throws -> (complete: Int, expected: Int, missing: [String]) {
        let text = try ask([
            "usage", "--by", "system", "--format", "json", "--to", time.description,
        ])
        let coverage = try decodeJSON(Usage.self, [UInt8](text.utf8)).coverage
        return (coverage.complete, coverage.expected, coverage.missing.map(\.agent))
    }
}
