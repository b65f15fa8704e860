import Domain
import Platform

/// Where the collector is, and how the fleet behaves.
struct FleetSettings {
    enum Scenario: String, CaseIterable {
        /// Each agent pushes at its own moment of the interval.
        case steady
        /// One agent after another begins, over half of the time.
        case ramp
        /// All come back at the same moment with what they have, a summary a clock hour.
        case herd
        /// As many summaries as `inFlight` pushes at a time bring.
        case burst
    }

    var scenario = Scenario.steady
    var agents = 0
    var rows = 50
    var everyMilliseconds: Int64 = 60_000
    var durationMilliseconds: Int64 = 60_000
    /// How long it waits at the end until all is acknowledged.
    var drainMilliseconds: Int64 = 120_000
    var holdsLongPolls = false
    var inFlight = 64
    /// Summaries a push, in a burst.
    var batch = 1
    var seed: UInt64 = 1
    /// Of a hundred agents, how many send slowly, go away for a while, repeat, fork, leave gaps, have wrong clocks.
    var slow = 0, dead = 0, replays = 0, forks = 0, gaps = 0, skewed = 0
    var apiURL = "http://api"
    var waitURL = "http://wait"
    var api = HTTPClientOptions()
    var wait = HTTPClientOptions()

    init() {}

    init(_ command: ParsedCommand) throws {
        func span(_ name: String, _ standard: Int64) throws -> Int64 {
            guard let text = command.option(name) else { return standard }
            guard let value = parseSpan(text), (100...86_400_000).contains(value) else {
                throw CommandFailure(
                    .usage, "--\(name) \(shown(text)): must be a time like 60s, at most a day",
                    vi: "--\(name) \(shown(text)): phải là thời gian như 60s, tối đa một ngày")
            }
            return value
        }
        if let text = command.option("scenario") {
            guard let chosen = Scenario(rawValue: text) else {
                let all = Scenario.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(
                    .usage, "--scenario \(shown(text)): one of \(all)",
                    vi: "--scenario \(shown(text)): phải là một trong \(all)")
            }
            scenario = chosen
        }
        agents = try command.number("agents", 1...10_000, 0)
        rows = try command.number("rows", 1...1000, rows)
        everyMilliseconds = try span("every", everyMilliseconds)
        durationMilliseconds = try span("duration", durationMilliseconds)
        drainMilliseconds = try span("drain", drainMilliseconds)
        holdsLongPolls = command.flags.contains("wait")
        inFlight = try command.number("in-flight", 1...10_000, inFlight)
        batch = try command.number("batch", 1...64, batch)
        seed = UInt64(try command.number("seed", 0...Int.max, 1))
        slow = try command.number("slow", 0...100, 0)
        dead = try command.number("dead", 0...100, 0)
        replays = try command.number("replays", 0...100, 0)
        forks = try command.number("forks", 0...100, 0)
        gaps = try command.number("gaps", 0...100, 0)
        skewed = try command.number("skewed", 0...100, 0)
        try target(command)
    }

    mutating func target(_ command: ParsedCommand) throws {
        if let url = command.option("url") {
            apiURL = url
            waitURL = url
            let file = try command.required("ca")
            guard Files.exists(file) else {
                throw CommandFailure(
                    .noFile, "--ca \(file): there is no such file",
                    vi: "--ca \(file): không có tệp này")
            }
            api.caFile = file
            wait.caFile = file
            return
        }
        let socket = try command.required("socket")
        api.unixSocketPath = socket
        wait.unixSocketPath = command.option("wait-socket") ?? socket
    }
}

extension ParsedCommand {
    /// A whole number of a range; `standard` where the option is not given.
    func number(_ name: String, _ range: ClosedRange<Int>, _ standard: Int) throws -> Int {
        guard let text = option(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw CommandFailure(
                .usage,
                "--\(name) \(shown(text)): must be a number from \(range.lowerBound) to \(range.upperBound)",
                vi:
                    "--\(name) \(shown(text)): phải là số từ \(range.lowerBound) đến \(range.upperBound)"
            )
        }
        return value
    }
}
