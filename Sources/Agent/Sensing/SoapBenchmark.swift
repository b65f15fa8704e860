import Domain
import Platform
import Wire

/// Measures what one SOAP query costs the agent without HTTP (read, decide, count), beside libxml2's SAX parser alone
/// on the same bodies, in turns. Benchmarks/bench.py runs it.
public enum SoapBenchmark {
    private static let rounds = 9
    private static let queries = 20_000

    /// `soap-bench FILE FOLDER`: FILE is a SOAP query whose `canbo001` is replaced by 10,000 logins, FOLDER an empty
    /// folder for the ledger. Prints the medians in nanoseconds, ours and libxml2's.
    public static func main(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, let template = try? Files.readText(arguments[1]) else {
            print("usage: soap-bench FILE FOLDER")
            return ExitCode.usage.rawValue
        }
        do {
            let (ours, parser) = try run(template, folder: arguments[2])
            print(ours, parser)
            return ExitCode.ok.rawValue
        } catch {
            print("soap-bench: \(error)")
            return ExitCode.failed.rawValue
        }
    }

    private static func run(_ template: String, folder: String) throws -> (Int64, Int64) {
        let parts = split(template, at: "canbo001")
        let logins = (0..<10_000).map { Login(unchecked: "canbo\($0)") }
        let bodies = logins.map { [UInt8](parts.joined(separator: $0.rawValue).utf8) }
        let reading = try SoapReader.read(bodies[0])
        let now = Timestamp(milliseconds: WallClock.milliseconds())
        let checkpoint = Checkpoint(
            gate: Gate(rules: GateRules(policy: policy(logins, reading.service, now), sets: [])),
            ledger: try Ledger.open(folder: folder, after: 0, from: now).ledger, wake: WakeEvent())
        var ours: [Int64] = []
        var parser: [Int64] = []
        for _ in 0..<rounds {
            ours.append(
                try time(bodies) { body in
                    let reading = try SoapReader.read(body)
                    let query = Query(
                        login: reading.login, service: reading.service, source: "10.0.0.1",
                        at: Timestamp(milliseconds: WallClock.milliseconds()))
                    guard case .allow = checkpoint.judge(query) else { throw Wrong.refused }
                })
            parser.append(try time(bodies) { try XMLReader.scan($0) })
        }
        guard checkpoint.totals.allowed == Int64(rounds * queries) else { throw Wrong.count }
        return (ours.sorted()[rounds / 2], parser.sorted()[rounds / 2])
    }

    private enum Wrong: Error { case refused, count }

    /// Nanoseconds for each body.
    private static func time(_ bodies: [[UInt8]], _ work: ([UInt8]) throws -> Void) rethrows
        -> Int64
    {
        let start = MonotonicClock.milliseconds()
        for index in 0..<queries { try work(bodies[(index &* 7919) % bodies.count]) }
        return (MonotonicClock.milliseconds() - start) * 1_000_000 / Int64(queries)
    }

    private static func split(_ text: String, at mark: String) -> [String] {
        var parts: [String] = [""]
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) {
                parts.append("")
                rest = rest.dropFirst(mark.count)
            } else {
                parts[parts.count - 1].append(rest.removeFirst())
            }
        }
        return parts
    }

    private static func policy(_ logins: [Login], _ service: ServiceName, _ now: Timestamp)
        -> Policy
    {
        let system = SystemCode(unchecked: "H26.bench")
        return Policy(
            system: system, systemName: "bench", unit: system.unit, unitName: "bench",
            version: Version(generation: 1, counter: 1), issuedAt: now, mode: .enforce,
            contact: .same("-"), calendar: OfficeCalendar(officeFrom: 0, officeTo: 24), rules: [:],
            accounts: logins.map { .init(login: $0, perDay: 1 << 30, kind: .person) },
            services: [.init(service: service, officePerDay: 1 << 30, offPerDay: 300)])
    }
}
